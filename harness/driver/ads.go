package driver

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/haproof/haproof/harness"
)

func init() { registerProfile("ads", newAds, "pixel", "beacon") }

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
	sessions := sessionsOf(w)
	return func(k uint64, r *random, path []byte) (Target, []byte) {
		target := Target{Method: "GET", Host: hosts[sessions.below(k, r, drawHost, len(hosts))]}
		if r.share() < pixelShare {
			target.Status, target.Bytes = 200, pixelBytes
			return target, appendQuery(append(path, "/pixel.gif"...), k, r)
		}
		target.Status, target.Route = 204, 1
		return target, appendQuery(append(path, "/beacon"...), k, r)
	}, nil
}

// appendQuery appends a campaign and a cache-buster.
func appendQuery(path []byte, k uint64, r *random) []byte {
	path = append(path, "?c="...)
	path = strconv.AppendUint(path, uint64(r.below(1000)), 10)
	path = append(path, "&n="...)
	return strconv.AppendUint(path, k, 36)
}
