package main

import (
	"cmp"

	"github.com/haproof/haproof/harness"
)

// defaultHAProxy is the version that the docker engine runs where none is asked
// for.
const defaultHAProxy = "3.0"

// neededImages names the images that the docker engine needs for a scenario.
func neededImages(sc harness.Scenario, haproxy string) []string {
	var names []string
	for _, tier := range sc.Topology {
		switch tier.Kind {
		case "haproxy":
			names = append(names, "haproof/haproxy:"+cmp.Or(tier.Version, haproxy, defaultHAProxy))
		case "quota-tracker": // runs in any image with a C library
			names = append(names, "haproof/haproxy:"+defaultHAProxy)
		case "web":
			names = append(names, "haproof/web")
		}
	}
	return names
}
