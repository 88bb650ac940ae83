package harness

import "fmt"

var statusWords = [...]string{Unknown: "unknown", Pass: "pass", Fail: "fail"}

// String returns "pass", "fail" or "unknown".
func (s Status) String() string {
	if int(s) < len(statusWords) {
		return statusWords[s]
	}
	return fmt.Sprintf("status(%d)", uint8(s))
}

// MarshalText writes the word that String returns, so that JSON says "pass".
func (s Status) MarshalText() ([]byte, error) {
	if int(s) >= len(statusWords) {
		return nil, fmt.Errorf("%s is no status", s)
	}
	return []byte(statusWords[s]), nil
}

// UnmarshalText reads one of the three words and nothing else.
func (s *Status) UnmarshalText(text []byte) error {
	for i, word := range statusWords {
		if string(text) == word {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no status: want pass, fail or unknown", text)
}
