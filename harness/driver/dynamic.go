package driver

import (
	"time"

	"github.com/haproof/haproof/harness"
)

func init() {
	registerProfile("dynamic", newDynamic, "static", "php")
	registerProfile("mixed", newMixed, "static", "php", "pixel", "beacon")
}

// file is a static file that every web node has.
type file struct {
	path  string
	bytes uint64
}

var (
	files    = []option[file]{{0.55, file{"/static/1k.css", 1024}}, {0.38, file{"/static/10k.js", 10240}}, {0.07, file{"/static/100k.bin", 102400}}}
	statuses = []option[int]{{0.92, 200}, {0.04, 302}, {0.03, 404}, {0.01, 500}}
	methods  = []option[string]{{0.85, "GET"}, {0.10, "POST"}, {0.05, "HEAD"}}
	sizes    = []option[uint64]{{0.3, 512}, {0.4, 2000}, {0.25, 8192}, {0.05, 32768}}
)

// comment is the body of every POST.
const comment = "author=someone&text=a+comment+of+a+usual+length+on+a+page+of+the+site"

// newDynamic is traffic of a hoster's customers, who are asked by Zipf's law:
// the share Dynamic goes to PHP, with all statuses, methods and sizes that the
// application has, the rest to static files.
func newDynamic(w harness.Workload) (profile, error) {
	customers, err := zipfCustomers(w)
	if err != nil {
		return nil, err
	}
	share, leaving := float64(w.Dynamic), newLeaving(w)
	return func(k uint64, r *random, path []byte) (Target, []byte) {
		target, whole := static(r, path)
		if r.share() < share {
			if leaving.within(k) {
				target, whole = longPage(r, w.Work, path)
			} else {
				target, whole = page(r, w.Work, path)
			}
		}
		if target.Dynamic {
			target.Route = 1
		}
		target.Key, target.Host = customers.pick(k, r)
		return target, whole
	}, nil
}

// static is a file that nginx serves by itself.
func static(r *random, path []byte) (Target, []byte) {
	f := draw(r, files)
	path = append(path, f.path...)
	if draw(r, methods) == "HEAD" {
		return Target{Method: "HEAD", Status: 200}, path
	}
	return Target{Method: "GET", Status: 200, Bytes: f.bytes}, path
}

// page is an answer of the PHP application. A redirect is asked for without a
// body.
func page(r *random, work time.Duration, path []byte) (Target, []byte) {
	target := Target{Method: draw(r, methods), Status: draw(r, statuses), Dynamic: true}
	size := draw(r, sizes)
	if target.Status == 302 {
		size = 0
	}
	path = appendApplication(path, r, target.Status, size, work)
	if target.Method != "HEAD" {
		target.Bytes = size
	}
	if target.Method == "POST" {
		target.Body = comment
	}
	return target, path
}

// newMixed is half advertising and half customers' traffic. Dynamic is the share
// of all attempts, advertising included, that asks for PHP; where that is more
// than half, advertising gives way.
func newMixed(w harness.Workload) (profile, error) {
	ads, err := newAds(w)
	if err != nil {
		return nil, err
	}
	ofCustomers := max(0.5, float64(w.Dynamic))
	w.Dynamic = harness.Share(float64(w.Dynamic) / ofCustomers)
	dynamic, err := newDynamic(w)
	if err != nil {
		return nil, err
	}
	// The attempts at which a customer's turn comes are part of its share.
	const turns = 1.0 / turnEvery
	drawn := (ofCustomers - turns) / (1 - turns)
	sessions := sessionsOf(w)
	return func(k uint64, r *random, path []byte) (Target, []byte) {
		if turn(sessions.user(k)) || sessions.share(k, r, drawKind) < drawn {
			return dynamic(k, r, path)
		}
		target, path := ads(k, r, path)
		target.Route += 2 // those of dynamic come first
		return target, path
	}, nil
}
