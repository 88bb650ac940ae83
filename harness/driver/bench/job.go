package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/haproof/haproof/harness"
)

// childWord is the first argument of this program as one of its own clients.
const childWord = "child"

// job is what one of our own clients does.
type job struct {
	Driver   string
	Workload harness.Workload
	Targets  []harness.Request // of the workload, which leaves them out of its JSON
	HTTP     string
	HTTPS    string
	Watch    uint64 // look at the heap when so many attempts have ended; 0 for never
	Again    uint64 // and once more
	Times    bool   // say quantiles, which costs as much as all else at the end
	Profile  string // file for a CPU profile, or empty
}

// said is what a client says of its work.
type said struct {
	Began    int64             // by the wall's clock, in ns
	Attempts uint64            // that ended
	Wrong    map[string]uint64 // by cause
	Lag      []time.Duration   // at the quantiles, where the job wants times
	Response []time.Duration

	Watched     uint64 // attempts between the two looks
	Allocations uint64 // likewise
	Collections uint32 // likewise
	Resident    uint64 // bytes, at most
}

// quantiles are those that clients are asked for.
var quantiles = []float64{0.5, 0.9, 0.95, 0.99, 0.999}

// Where they are.
const (
	atP50 = 0
	atP90 = 1
	atP99 = 3
)

// client returns our own client for a job.
func (b *bench) client(name string, j job) client {
	text, err := json.Marshal(j)
	if err != nil {
		panic(err) // a job is plain data
	}
	sane := func(name string, out []byte) error {
		_, err := heard(name, out)
		return err
	}
	return client{name: name, args: []string{b.self, childWord, string(text)}, sane: sane}
}

// heard reads what a client said, and takes no attempt that went wrong.
func heard(name string, out []byte) (said, error) {
	var s said
	if err := json.Unmarshal(out, &s); err != nil {
		return s, fmt.Errorf("%s said %q: %w", name, out, err)
	}
	if len(s.Wrong) > 0 || s.Attempts == 0 {
		return s, fmt.Errorf("%s: of %d attempts went wrong: %v", name, s.Attempts, s.Wrong)
	}
	return s, nil
}

// pixel is one small answer, the same bytes each time, as rivals ask for.
func pixel(overTLS bool) []harness.Request {
	return []harness.Request{{Method: "GET", Host: "bench.test", Path: "/pixel.gif", TLS: overTLS}}
}

// loop is a closed loop of n clients, each on a connection of its own.
func (b *bench) loop(driver string, n int, length time.Duration) job {
	return job{
		Driver: driver, HTTP: b.server.plain, HTTPS: b.server.secure, Targets: pixel(false),
		Workload: harness.Workload{Users: &harness.Users{Count: n}, Connections: n, Duration: length, Seed: 1},
	}
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
