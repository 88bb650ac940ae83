package audit

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is one of HAProxy's. The zero value means that it is not known.
type Version struct {
	Major, Minor, Patch int
	Dev                 int // of 3.4-dev9: 9; 0 for a release
}

// ParseVersion reads 3.2.4, 3.2, 3.4-dev9 or what Debian makes of them.
func ParseVersion(text string) (Version, error) {
	release, extra, _ := strings.Cut(text, "-")
	numbers := [3]int{}
	parts := strings.Split(release, ".")
	if len(parts) < 2 || len(parts) > 3 {
		return Version{}, fmt.Errorf("version %q: want one like 3.2.4", text)
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return Version{}, fmt.Errorf("version %q: want one like 3.2.4", text)
		}
		numbers[i] = int(n)
	}
	v := Version{Major: numbers[0], Minor: numbers[1], Patch: numbers[2]}
	if dev, isDev := strings.CutPrefix(extra, "dev"); isDev {
		dev, _, _ = strings.Cut(dev, "-")
		n, err := strconv.ParseUint(dev, 10, 16)
		if err != nil {
			return Version{}, fmt.Errorf("version %q: want one like 3.4-dev9", text)
		}
		v.Dev = int(n)
	}
	return v, nil
}

// Compare returns -1, 0 or 1. A development version comes before its release.
func (v Version) Compare(w Version) int {
	rank := func(v Version) int {
		dev := v.Dev
		if dev == 0 {
			dev = 1 << 16
		}
		return ((v.Major<<16|v.Minor)<<16|v.Patch)<<17 | dev
	}
	return min(1, max(-1, rank(v)-rank(w)))
}

// String returns it as HAProxy writes it, and nothing if it is not known.
func (v Version) String() string {
	switch {
	case v == Version{}:
		return ""
	case v.Dev > 0:
		return fmt.Sprintf("%d.%d-dev%d", v.Major, v.Minor, v.Dev)
	}
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}
