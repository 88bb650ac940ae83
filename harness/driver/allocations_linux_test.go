//go:build (amd64 || arm64) && !race

package driver

// secureAllocations is how many objects an attempt over TLS may cost both sides.
const secureAllocations = 2.05
