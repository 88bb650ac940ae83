package api

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/haproof/haproof/harness/tracker"
)

// Usage is what was used in one bucket; a line of the answer to GET /v1/usage.
type Usage struct {
	Customer string    `json:"customer"`
	Start    time.Time `json:"start"` // of the bucket
	Count    uint64    `json:"count"`
}

const (
	typeNDJSON = "application/x-ndjson"
	typeCSV    = "text/csv"
)

// serveUsage answers GET /v1/usage: the usage of all customers, line by line. A
// bucket without any has no line.
func (a *API) serveUsage(w http.ResponseWriter, r *http.Request) error {
	p, err := paramsOf(r, append([]string{"format"}, paramsPeriod...)...)
	if err != nil {
		return err
	}
	at, err := p.period(time.Now())
	if err != nil {
		return err
	}
	as, err := p.format(r)
	if err != nil {
		return err
	}
	if !a.server.Stored() {
		return errNoStore()
	}
	release, err := a.takeHeavy(r.Context())
	if err != nil {
		return err
	}
	defer release()
	lines := &usageLines{answer: a.newLongAnswer(w), names: a.server.Names, csv: as == typeCSV}
	begin := func() {
		w.Header().Set("Content-Type", as)
		w.Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", at.file(as)))
	}
	return a.writeUsage(r, at, lines, begin)
}

func errNoStore() error {
	return problemf(http.StatusNotImplemented, "the tracker has no store and keeps no usage by the hour; configure one")
}

// format returns the media type that is asked for, by format or by Accept.
func (p params) format(r *http.Request) (string, error) {
	if p.has("format") {
		word, err := p.choice("format", "ndjson", "csv")
		return map[string]string{"ndjson": typeNDJSON, "csv": typeCSV}[word], err
	}
	accept := r.Header.Get("Accept")
	if accept == "" {
		return typeNDJSON, nil
	}
	for one := range strings.SplitSeq(accept, ",") {
		switch media, _, _ := mime.ParseMediaType(one); media {
		case typeCSV, "text/*":
			return typeCSV, nil
		case typeNDJSON, "application/json", "application/*", "*/*":
			return typeNDJSON, nil
		}
	}
	return "", problemf(http.StatusNotAcceptable, "Accept %q: there is %s and %s", accept, typeNDJSON, typeCSV)
}

// file is a name under which a browser keeps the answer.
func (p period) file(media string) string {
	ending := "ndjson"
	if media == typeCSV {
		ending = "csv"
	}
	return fmt.Sprintf("usage-%s-%s-by-%s.%s", p.from.Format("20060102T15"), p.to.Format("20060102T15"), p.by, ending)
}

// writeUsage writes the lines. An error before the first is answered as one.
func (a *API) writeUsage(r *http.Request, at period, lines *usageLines, begin func()) error {
	started := false
	start := func() {
		if !started {
			started = true
			begin()
			lines.head()
		}
	}
	sum := sums{by: at.by, emit: func(customer uint32, bucket time.Time, n uint64) error {
		start()
		return lines.add(customer, bucket, n)
	}}
	err := a.server.Usage(r.Context(), at.query(nil), sum.add)
	if err == nil {
		err = sum.end()
	}
	if err != nil && started {
		return errors.Join(errGone, err) // cut off, so that it does not look complete
	}
	if err != nil {
		return err
	}
	start()
	return lines.end()
}

// sums adds up growth, which comes in the order of customer and hour, by buckets.
type sums struct {
	by   bucket
	emit func(customer uint32, start time.Time, n uint64) error

	customer uint32
	start    time.Time
	n        uint64
}

func (s *sums) add(g tracker.Growth) error {
	start := s.by.start(g.Hour.Time())
	if s.n > 0 && (g.Customer != s.customer || !start.Equal(s.start)) {
		if err := s.end(); err != nil {
			return err
		}
	}
	s.customer, s.start = g.Customer, start
	s.n += g.N
	return nil
}

// end emits the last bucket.
func (s *sums) end() error {
	if s.n == 0 {
		return nil
	}
	n := s.n
	s.n = 0
	return s.emit(s.customer, s.start, n)
}

// usageLines writes Usage as NDJSON or CSV.
type usageLines struct {
	answer *longAnswer
	names  func() []string
	csv    bool

	known []string
	buf   []byte
	last  uint32 // customer whose name is in text
	text  []byte
}

func (u *usageLines) head() {
	u.buf = u.answer.buffer()
	if u.csv {
		u.buf = append(u.buf, "customer,start,count\n"...)
	}
}

func (u *usageLines) add(customer uint32, start time.Time, n uint64) error {
	if customer != u.last || u.text == nil {
		if int(customer) >= len(u.known) {
			u.known = u.names()
		}
		if int(customer) >= len(u.known) {
			return fmt.Errorf("usage of customer %d, but there are only %d", customer, len(u.known))
		}
		u.last, u.text = customer, u.quote(tracker.InText(u.known[customer]))
	}
	b := u.buf
	if u.csv {
		b = append(append(b, u.text...), ',')
		b = append(start.AppendFormat(b, time.RFC3339), ',')
		b = append(strconv.AppendUint(b, n, 10), '\n')
	} else {
		b = append(append(b, `{"customer":`...), u.text...)
		b = start.AppendFormat(append(b, `,"start":"`...), time.RFC3339)
		b = append(strconv.AppendUint(append(b, `","count":`...), n, 10), '}', '\n')
	}
	u.buf = u.answer.write(b)
	return u.answer.err
}

// quote writes a name as a field.
func (u *usageLines) quote(text string) []byte {
	if !u.csv {
		quoted, _ := json.Marshal(text) // strings always encode
		return quoted
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{text}) // into memory
	w.Flush()
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

func (u *usageLines) end() error { return u.answer.end(u.buf) }
