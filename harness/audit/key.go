package audit

// key is what is known of the key of a track.
type key struct {
	text       string   // as it is written
	generation []sample // the steps that make it; none in a plain key
	separated  bool     // a bar stands before the generation
	longest    longest
}

// keyOf finds out about an expression, once.
func (c *Configuration) keyOf(text string, samples []sample) *key {
	if k, known := c.keys[text]; known {
		return k
	}
	k := &key{
		text: text, generation: c.generationOf(samples), separated: c.separated(samples), longest: c.longest(samples),
	}
	c.keys[text] = k
	return k
}

// plain says whether the key is the customer alone.
func (k *key) plain() bool { return len(k.generation) == 0 }
