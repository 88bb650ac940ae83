package driver

// random is a stream of random numbers that begins anew for every attempt, so
// that a target depends on seed and k alone, never on who drew before.
// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number
// generators", 2014.
type random uint64

// randomOf returns the stream of attempt k.
func randomOf(seed, k uint64) random {
	return random(mix(mix(seed+golden) ^ k))
}

const golden = 0x9E3779B97F4A7C15

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func (r *random) next() uint64 {
	*r += golden
	return mix(uint64(*r))
}

// share returns a number from 0 up to but excluding 1.
func (r *random) share() float64 { return float64(r.next()>>11) / (1 << 53) }

// below returns an integer from 0 up to but excluding n, which is at least 1.
func (r *random) below(n int) int { return int(r.share() * float64(n)) }

// option is one outcome of a draw with its share of all draws.
type option[T any] struct {
	share float64
	value T
}

// draw picks an option; the last one takes what the shares leave.
func draw[T any](r *random, options []option[T]) T {
	x := r.share()
	for _, o := range options {
		if x -= o.share; x < 0 {
			return o.value
		}
	}
	return options[len(options)-1].value
}
