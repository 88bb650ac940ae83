//go:build (amd64 || arm64) && race

package driver

// secureAllocations is how many objects an attempt over TLS may cost both sides: the race detector has
// crypto/tls lose some of the buffers that it would use again (sync.Pool).
const secureAllocations = 5
