package drain

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

const testLimit = 20

// frames returns the messages of a stream, "!" for one that is too long, and the
// error that ended it.
func frames(r io.Reader) (messages []string, err error) {
	f := newFramer(r, testLimit)
	for f.begin() == nil {
		message, err := f.next()
		switch {
		case errors.Is(err, errTooLong):
			messages = append(messages, "!")
		case err != nil:
			return messages, err
		default:
			messages = append(messages, strings.TrimSuffix(string(message), "\n"))
		}
	}
	return messages, nil
}

func TestFramerCutsStreams(t *testing.T) {
	long, full := strings.Repeat("x", testLimit+1), strings.Repeat("y", testLimit)
	for stream, want := range map[string][]string{
		"":                                  nil,
		"a\nb\n":                            {"a", "b"},
		"<134>1 x\n":                        {"<134>1 x"},
		"1 a2 bc3 d\nf":                     {"a", "bc", "d\nf"},
		"1 ab\n2 cd":                        {"a", "b", "cd"}, // mixed
		"127.0.0.1 a\n":                     {"127.0.0.1 a"},  // a number, but no count
		"0 a\n":                             {"0 a"},
		"123456789 a\n":                     {"123456789 a"}, // longer than any count
		"12\n":                              {"12"},
		"last":                              {"last"}, // the end of the stream ends the line
		full + "\n" + full + "\n":           {full, full},
		long + "\na\n":                      {"!", "a"},
		strings.Repeat(long, 9) + "\na\n":   {"!", "a"},
		fmt.Sprint(testLimit, " ", full):    {full},
		"\n\na\n":                           {"", "", "a"},
		"a\n" + strings.Repeat(long, 9):     {"a", "!"},
		fmt.Sprint(testLimit, " ", full, 5): {full, "5"},
	} {
		for kind, r := range map[string]io.Reader{
			"whole": strings.NewReader(stream), "byte by byte": iotest.OneByteReader(strings.NewReader(stream)),
		} {
			got, err := frames(r)
			if err != nil || !cmp.Equal(got, want) {
				t.Errorf("%.60q, %s: got %q, %v, want %q", stream, kind, got, err, want)
			}
		}
	}
}

func TestFramerEndsWhatItCannotFollow(t *testing.T) {
	for _, stream := range []string{"21 " + strings.Repeat("x", 21), "1 a9999999 b", "1 a5 bcd"} {
		if got, err := frames(strings.NewReader(stream)); err == nil {
			t.Errorf("%q: got %q and no error", stream, got)
		}
	}
}
