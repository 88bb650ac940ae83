package driver

import "testing"

// BenchmarkAttempts measures what an attempt costs before it meets the kernel: its
// target and its bytes.
func BenchmarkAttempts(b *testing.B) {
	for _, profile := range Profiles() {
		b.Run(profile, func(b *testing.B) {
			w := usual()
			w.Profile = profile
			benchTargets(b, targetsOf(b, w))
		})
	}
	b.Run("routes", func(b *testing.B) { benchTargets(b, targetsOf(b, routedWorkload())) })
}

func benchTargets(b *testing.B, targets *Targets) {
	var r random
	var path, out []byte
	var k uint64
	b.ReportAllocs()
	for b.Loop() {
		target, p := targets.appendAt(k, &r, path[:0])
		path = p
		out = appendAttempt(out[:0], k, &target, path)
		k++
	}
	b.SetBytes(int64(len(out)))
}
