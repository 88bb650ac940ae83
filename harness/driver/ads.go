package driver

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/haproof/haproof/harness"
)

func init() { registerProfile("ads", newAds) }

const (
	pixelShare = 0.75 // of advertising attempts; the others are beacons
	pixelBytes = 43   // /pixel.gif
)

var errNoHosts = errors.New("hosts: must be at least 1")

// newAds is advertising traffic: tiny static answers from many hosts, all
// equally often, with a tiny query that no two attempts share. Nobody is charged.
func newAds(w harness.Workload) (profile, error) {
	if w.Hosts < 1 {
		return nil, errNoHosts
	}
	hosts := make([]string, w.Hosts)
	for i := range hosts {
		hosts[i] = fmt.Sprintf("a%04d.ads.test", i)
	}
	return func(k uint64, r *random) Target {
		target := Target{Method: "GET", Host: hosts[r.below(len(hosts))]}
		if r.share() < pixelShare {
			target.Path, target.Status, target.Bytes = query("/pixel.gif", k, r), 200, pixelBytes
		} else {
			target.Path, target.Status = query("/beacon", k, r), 204
		}
		return target
	}, nil
}

// query adds a campaign and a cache-buster.
func query(path string, k uint64, r *random) string {
	b := make([]byte, 0, 48)
	b = append(append(b, path...), "?c="...)
	b = strconv.AppendUint(b, uint64(r.below(1000)), 10)
	b = append(b, "&n="...)
	return string(strconv.AppendUint(b, k, 36))
}
