package peers

// maxVarint is the length of the longest encoded 64-bit integer.
const maxVarint = 10

// appendVarint appends v in HAProxy's own integer encoding, which is not LEB128
// (intencode, src/peers.c).
func appendVarint(b []byte, v uint64) []byte {
	if v < 240 {
		return append(b, byte(v))
	}
	b = append(b, byte(v)|0xf0)
	v = (v - 240) >> 4
	for v >= 128 {
		b = append(b, byte(v)|0x80)
		v = (v - 128) >> 7
	}
	return append(b, byte(v))
}

// parseVarint returns the integer at the start of b and the bytes it took.
// It fails with errShort when b ends too early, and with errOverflow when the
// integer needs more than 64 bits; HAProxy checks neither (intdecode, src/peers.c).
func parseVarint(b []byte) (v uint64, n int, err error) {
	if len(b) == 0 {
		return 0, 0, errShort
	}
	if b[0] < 240 {
		return uint64(b[0]), 1, nil
	}
	return parseLongVarint(b)
}

func parseLongVarint(b []byte) (v uint64, n int, err error) {
	v = uint64(b[0])
	for i, shift := 1, 4; i < maxVarint; i, shift = i+1, shift+7 {
		if i >= len(b) {
			return 0, 0, errShort
		}
		c := uint64(b[i])
		add := c << shift
		if add>>shift != c || v+add < v {
			return 0, 0, errOverflow
		}
		v += add
		if c < 128 {
			return v, i + 1, nil
		}
	}
	return 0, 0, errOverflow
}
