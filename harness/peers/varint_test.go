package peers

import (
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"
)

// What HAProxy's intencode makes of the values around each step of the encoding.
var varints = []struct {
	value uint64
	hex   string
}{
	{0, "00"},
	{239, "ef"},
	{240, "f000"},
	{255, "ff00"},
	{2287, "ff7f"},
	{2288, "f08000"},
	{10000, "f0e203"},
	{30000, "f0c40d"},
	{264431, "ffff7f"},
	{264432, "f0808000"},
	{33818863, "ffffff7f"},
	{33818864, "f080808000"},
	{1<<31 - 1, "fff0fefe3e"},
	{1 << 31, "f0f1fefe3e"},
	{1<<32 - 1, "fff0fefe7e"},
	{4328786159, "ffffffff7f"},
	{4328786160, "f08080808000"},
	{1<<64 - 1, "fff0fefefefefefefe0e"},
}

func TestVarintIsWhatHAProxySends(t *testing.T) {
	for _, tt := range varints {
		want := unhex(t, tt.hex)
		if got := appendVarint(nil, tt.value); hex.EncodeToString(got) != tt.hex {
			t.Errorf("append %d: got %x, want %x", tt.value, got, want)
		}
		v, n, err := parseVarint(append(want, 0xff)) // what follows is not looked at
		if err != nil || v != tt.value || n != len(want) {
			t.Errorf("parse %s: got %d in %d bytes, %v, want %d in %d", tt.hex, v, n, err, tt.value, len(want))
		}
		for end := range want {
			if _, _, err := parseVarint(want[:end]); !errors.Is(err, errShort) {
				t.Errorf("parse %x of %s: got %v, want %v", want[:end], tt.hex, err, errShort)
			}
		}
	}
}

func TestVarintOf65BitsIsRefused(t *testing.T) {
	for _, bad := range []string{
		"fff0fefefefefefefe0f",   // one more than the largest
		"f0fefefefefefefefe0f",   // a carry out of bit 63
		"ffffffffffffffffff7f",   // bits beyond 63
		"ffffffffffffffffffff00", // 11 bytes
		"f0808080808080808080",   // 10 bytes and no end
	} {
		if v, _, err := parseVarint(unhex(t, bad)); !errors.Is(err, errOverflow) {
			t.Errorf("parse %s: got %d, %v, want %v", bad, v, err, errOverflow)
		}
	}
}

func TestVarintRoundTrip(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 1))
	for range 10000 {
		want := random.Uint64() >> random.UintN(64)
		b := appendVarint(nil, want)
		if got, n, err := parseVarint(b); err != nil || got != want || n != len(b) {
			t.Fatalf("seed %d: %d became %x became %d, %v", seed, want, b, got, err)
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
