package driver

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

func TestCookiesAreKeptReplacedAndRemoved(t *testing.T) {
	for _, row := range []struct {
		why  string
		set  []string
		want string
		lost uint64
	}{
		{"nothing was set", nil, "", 0},
		{"attributes are not sent back", []string{"a=1; Path=/; Secure; HttpOnly; Domain=x.test"}, "Cookie: a=1\r\n", 0},
		{"several in the order in which they came", []string{"a=1", "b=2", "c=3"}, "Cookie: a=1; b=2; c=3\r\n", 0},
		{"a name has one value", []string{"a=1", "b=2", "a=3"}, "Cookie: b=2; a=3\r\n", 0},
		{"names differ in case and length", []string{"a=1", "A=2", "aa=3", "a=4"}, "Cookie: A=2; aa=3; a=4\r\n", 0},
		{"spaces around do not count", []string{" \ta = 1 ; x"}, "Cookie: a=1\r\n", 0},
		{"a value may hold what separates names", []string{"a=x==y"}, "Cookie: a=x==y\r\n", 0},
		{"no name, no cookie", []string{"=1", "justtext", "", ";"}, "", 0},
		{"Max-Age 0 removes the first", []string{"a=1", "b=2", "a=1; max-age=0"}, "Cookie: b=2\r\n", 0},
		{"a negative one the last", []string{"a=1", "b=2", "b=1; Max-Age=-5"}, "Cookie: a=1\r\n", 0},
		{"the past removes the one between", []string{"a=1", "b=2", "c=3", "b=; Expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/"}, "Cookie: a=1; c=3\r\n", 0},
		{"no value removes the only one", []string{"a=1", "a="}, "", 0},
		{"the future keeps", []string{"a=1; Expires=Wed, 21 Oct 2065 07:28:00 GMT"}, "Cookie: a=1\r\n", 0},
		{"Max-Age goes before Expires", []string{"a=1; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=60"}, "Cookie: a=1\r\n", 0},
		{"no date keeps", []string{"a=1; Expires=soon"}, "Cookie: a=1\r\n", 0},
		{"the ninth is lost", []string{"a=1", "b=1", "c=1", "d=1", "e=1", "f=1", "g=1", "h=1", "i=1", "b=2"}, "Cookie: a=1; c=1; d=1; e=1; f=1; g=1; h=1; b=2\r\n", 1},
		{"1024 bytes fit", []string{"a=" + strings.Repeat("x", 1022)}, "Cookie: a=" + strings.Repeat("x", 1022) + "\r\n", 0},
		{"1025 do not", []string{"a=" + strings.Repeat("x", 1023), "b=1"}, "Cookie: b=1\r\n", 1},
		{"not together either", []string{"b=1", "a=" + strings.Repeat("x", 1018)}, "Cookie: b=1\r\n", 1},
	} {
		var lost atomic.Uint64
		c := newCookies(&lost)
		for _, v := range row.set {
			c.set([]byte(v), time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
		}
		if got := string(c.appendTo(nil)); got != row.want || lost.Load() != row.lost {
			t.Errorf("%s: got %q, %d lost; want %q, %d", row.why, got, lost.Load(), row.want, row.lost)
		}
		for _, pair := range strings.Split(strings.TrimSpace(strings.TrimPrefix(row.want, "Cookie: ")), "; ") {
			if name, value, _ := strings.Cut(pair, "="); string(c.value(name)) != value {
				t.Errorf("%s: %s is %q", row.why, name, c.value(name))
			}
		}
		if c.clear(); len(c.appendTo(nil)) > 0 || c.value("a") != nil {
			t.Errorf("%s: cleared cookies are still there", row.why)
		}
	}
}

func TestKeepingCookiesAllocatesNothing(t *testing.T) {
	var lost atomic.Uint64
	c := newCookies(&lost)
	lines := [][]byte{[]byte("Set-Cookie: a=1; Expires=Wed, 21 Oct 2065 07:28:00 GMT; Path=/"), []byte("set-cookie: b=2; Max-Age=5"), []byte("Server: x")}
	if n := testing.AllocsPerRun(100, func() {
		for _, line := range lines {
			c.see(line)
		}
	}); n != 0 || c.count != 2 {
		t.Errorf("%v allocations for %d cookies", n, c.count)
	}
}

func TestDatesOfCookiesAreReadInAnyForm(t *testing.T) {
	want := time.Date(2026, 11, 6, 8, 49, 37, 0, time.UTC)
	for _, text := range []string{
		"Fri, 06 Nov 2026 08:49:37 GMT", "Fri, 06-Nov-2026 08:49:37 GMT", "Friday, 06-Nov-26 08:49:37 GMT", "Fri Nov  6 08:49:37 2026", "6 november 2026 8:49:37",
	} {
		if got, ok := cookieDate([]byte(text)); !ok || !got.Equal(want) {
			t.Errorf("%q: got %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "soon", "Fri, 06 Nov 2026", "08:49:37", "Fri, 32 Nov 2026 08:49:37 GMT", "Fri, 06 Nov 2026 08:61:37", "06 Nov 1500 08:49:37", "6 Nov 2026 1:2:3:4", "6 No 2026 1:2:3"} {
		if got, ok := cookieDate([]byte(text)); ok {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func FuzzCookies(f *testing.F) {
	f.Add("a=1; Max-Age=0", "b=2; Expires=Thu, 01-Jan-1970 00:00:01 GMT", "a=; x")
	f.Fuzz(func(t *testing.T, first, second, third string) {
		var lost atomic.Uint64
		c := newCookies(&lost)
		for _, v := range []string{first, second, third} {
			c.set([]byte(v), time.Now())
			if c.count > mostCookies || len(c.text) > cookieBytes || cap(c.text) != cookieBytes || (c.count == 0) != (len(c.text) == 0) {
				t.Fatalf("%d cookies in %d bytes: %q", c.count, len(c.text), c.text)
			}
			if n := strings.Count(string(c.text), ";"); c.count > 0 && n != c.count-1 {
				t.Fatalf("%d cookies: %q", c.count, c.text)
			}
		}
	})
}

// TestEachUserHasCookiesOfItsOwn plays against a server that counts visits in a cookie:
// what it hears must be what it said to that user last.
func TestEachUserHasCookiesOfItsOwn(t *testing.T) {
	everyDriver(t, func(t *testing.T, d harness.Driver) {
		for _, u := range []harness.Users{
			{Requests: 5, Think: time.Millisecond, Cookies: true},
			{Count: 4, Requests: 5, Cookies: true},
		} {
			o, endpoint := newOrigin(t)
			var mu sync.Mutex
			heard := map[string]string{}
			o.meanwhile = func(w http.ResponseWriter, r *http.Request) bool {
				seq := r.Header.Get(harness.SeqHeader)
				mu.Lock()
				heard[seq] = strings.Join(r.Header.Values("Cookie"), "|")
				mu.Unlock()
				http.SetCookie(w, &http.Cookie{Name: "last", Value: seq, Path: "/elsewhere"})
				if strings.HasSuffix(seq, "3") {
					http.SetCookie(w, &http.Cookie{Name: "last", MaxAge: -1})
				}
				http.SetCookie(w, &http.Cookie{Name: "sent", Value: "x" + seq})
				return false
			}
			w := withUsers(u)
			w.Rate, w.Requests, w.TLS = 400, 200, 0.5
			if u.Count > 0 {
				w.Rate = 0
			}
			attempts, driven, err := played(t.Context(), t, d, w, endpoint)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			for k := range uint64(200) {
				seq, before := fmt.Sprint(k), k-1
				fresh := k%5 == 0
				if u.Count > 0 {
					before, fresh = k-4, k/4%5 == 0
				}
				switch {
				case fresh:
					want[seq] = ""
				case before%10 == 3:
					want[seq] = fmt.Sprintf("sent=x%d", before)
				default:
					want[seq] = fmt.Sprintf("last=%d; sent=x%d", before, before)
				}
			}
			if diff := cmp.Diff(want, heard); diff != "" || driven.CookiesLost != 0 {
				t.Errorf("%+v: %d cookies lost: %s", u, driven.CookiesLost, diff)
			}
			if diff := cmp.Diff(map[string]int{"ok": 200}, tally(attempts)); diff != "" {
				t.Error(diff)
			}
		}
	})
}
