package api

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	token = "0123456789abcdef"
	other = "fedcba9876543210"
)

func TestAPIListensElsewhereWithTLSAndTokensOnly(t *testing.T) {
	secure := &tls.Config{}
	for _, q := range []struct {
		addr string
		cfg  Config
		want string // in the error, empty for none
	}{
		{"127.0.0.1:80", Config{}, ""},
		{"127.9.9.9:80", Config{}, ""},
		{"[::1]:80", Config{}, ""},
		{"localhost:80", Config{}, ""},
		{"unix:/run/api.sock", Config{}, ""},
		{"127.0.0.1:80", Config{Tokens: []string{token}}, ""},
		{"10.0.0.1:80", Config{TLS: secure, Tokens: []string{token, other}}, ""},
		{":80", Config{TLS: secure, Tokens: []string{token}}, ""},
		{":80", Config{}, "TLS and a token"},
		{"0.0.0.0:80", Config{Tokens: []string{token}}, "TLS and a token"},
		{"[::]:80", Config{TLS: secure}, "TLS and a token"},
		{"example.org:80", Config{TLS: secure}, "TLS and a token"},
		{"localhost.example.org:80", Config{}, "TLS and a token"},
		{"127.0.0.1", Config{}, "want host:port"},
		{"unix:", Config{}, "unix:/path"},
		{"127.0.0.1:80", Config{Tokens: []string{"short"}}, "has 5 bytes, want at least 16"},
		{"127.0.0.1:80", Config{Tokens: make([]string, 101)}, "101 tokens"},
		{"127.0.0.1:80", Config{Tick: -1}, "negative"},
	} {
		err := q.cfg.Validate(q.addr)
		if (err == nil) != (q.want == "") || err != nil && !strings.Contains(err.Error(), q.want) {
			t.Errorf("%s with TLS %v and %d tokens: got %v, want %q", q.addr, q.cfg.TLS != nil, len(q.cfg.Tokens), err, q.want)
		}
	}
}

// Whatever is added to the routes is behind the door, unless it is named here.
func TestTokensOpenEverythingAndNothingElseDoes(t *testing.T) {
	r := serving(t, Config{Tokens: []string{token, other}, Pprof: true}, &memory{})
	open := map[string]bool{"/healthz": true, "/readyz": true, "/assets/{file}": true, "/login": true, "/logout": true}
	for _, route := range append(r.api.routes(), route{method: "GET", path: "/nothing"}) {
		if open[route.path] {
			continue
		}
		path := strings.NewReplacer("{$}", "", "{name...}", "a", "{name}", "a", "{profile...}", "").Replace(route.path)
		for _, headers := range [][]string{nil, {"Authorization", "Bearer 0123456789abcdeF"}, {"Authorization", "Bearer "}, {"Authorization", "Basic " + token}, {"Cookie", cookieName + "=" + token}} {
			resp, _ := r.ask("GET", path, headers...)
			led := route.page && resp.StatusCode == http.StatusSeeOther && strings.HasPrefix(resp.Header.Get("Location"), "/login?to=")
			if !led && (resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("WWW-Authenticate") == "") {
				t.Errorf("%s with %q: got %s, want 401", path, headers, resp.Status)
			}
		}
		if path == "/v1/events" {
			r.listen("Authorization", "bearer "+other)
			continue
		}
		if resp, _ := r.ask("GET", path, "Authorization", "Bearer "+token); resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusSeeOther {
			t.Errorf("%s with the token: got %s", path, resp.Status)
		}
	}
	r.get(http.StatusOK, "/healthz")
	r.get(http.StatusServiceUnavailable, "/readyz")
}

// login returns the cookies that a form brings.
func (r *rig) login(form url.Values, headers ...string) (*http.Response, []*http.Cookie) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), "POST", "http://"+r.addr+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	resp.Body.Close()
	return resp, resp.Cookies()
}

func TestLoginGivesACookieForAToken(t *testing.T) {
	r := serving(t, Config{Tokens: []string{other, token}}, nil)
	resp, cookies := r.login(url.Values{"token": {token}, "to": {"/?sort=name"}})
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/?sort=name" || len(cookies) != 1 {
		t.Fatalf("got %s to %q with %v", resp.Status, resp.Header.Get("Location"), cookies)
	}
	c := cookies[0]
	if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || strings.Contains(c.Value, token) ||
		time.Until(c.Expires) > sessionTime || time.Until(c.Expires) < sessionTime-time.Minute {
		t.Errorf("got the cookie %v", c)
	}
	r.get(http.StatusOK, "/", "Cookie", cookieName+"="+c.Value)
	r.get(http.StatusOK, "/v1/counts", "Cookie", cookieName+"="+c.Value)
	if resp, cookies := r.login(url.Values{"token": {"wrong"}}); resp.StatusCode != http.StatusUnauthorized || len(cookies) > 0 {
		t.Errorf("with a wrong token: got %s and %v", resp.Status, cookies)
	}
	if resp, cookies := r.login(url.Values{"token": {strings.Repeat("x", maxLogin)}}); resp.StatusCode != http.StatusBadRequest || len(cookies) > 0 {
		t.Errorf("with an endless form: got %s and %v", resp.Status, cookies)
	}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://evil.example"}} {
		if resp, cookies := r.login(url.Values{"token": {token}}, headers...); resp.StatusCode != http.StatusForbidden || len(cookies) > 0 {
			t.Errorf("from another origin, %q: got %s and %v", headers, resp.Status, cookies)
		}
	}
}

func TestCookiesOutliveNeitherTheirTimeNorTheirToken(t *testing.T) {
	now := time.Now()
	d := newDoor([]string{other, token})
	cookie := sign(token, now.Add(time.Hour))
	if !d.signed(cookie, now) || !d.signed(cookie, now.Add(time.Hour-2*time.Second)) {
		t.Error("a good cookie is refused")
	}
	text, code, _ := strings.Cut(cookie, ".")
	for what, bad := range map[string]string{
		"of a token that is gone": sign("0123456789abcdeF", now.Add(time.Hour)),
		"that was made to last":   "9" + text + "." + code,
		"cut off":                 cookie[:len(cookie)-2],
		"without a code":          text,
		"empty":                   "",
		"of no time":              "." + code,
	} {
		if d.signed(bad, now) {
			t.Errorf("a cookie %s is good", what)
		}
	}
	if d.signed(cookie, now.Add(time.Hour)) {
		t.Error("an old cookie is good")
	}
	if newDoor(nil).signed(sign("", now.Add(time.Hour)), now) || newDoor(nil).find("") != "" {
		t.Error("a door without tokens opens")
	}
}

func TestLoginLeadsToOwnPagesOnly(t *testing.T) {
	for to, want := range map[string]string{
		"/customer?name=a%2Fb": "/customer?name=a%2Fb", "/": "/", "": "/", "x": "/",
		"//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/", "///evil.example": "/", "javascript:alert(1)": "/", "/\n": "/",
	} {
		if got := ownPath(to); got != want {
			t.Errorf("%q: got %q, want %q", to, got, want)
		}
	}
}

func TestAPIWithoutTokensKnowsItsNames(t *testing.T) {
	r := serving(t, Config{Hosts: []string{"tracker.example"}}, nil)
	for host, status := range map[string]int{
		r.addr: 200, "localhost:8405": 200, "127.0.0.1": 200, "[::1]:80": 200, "tracker.example": 200,
		"evil.example": 421, "tracker.example.evil.example:80": 421, "127.0.0.1.evil.example": 421,
	} {
		if resp, _ := r.ask("GET", "/v1/counts", "Host", host); resp.StatusCode != status {
			t.Errorf("%s: got %s, want %d", host, resp.Status, status)
		}
	}
}

func TestAPIServesOverAUnixSocket(t *testing.T) {
	r := serving(t, Config{}, nil)
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	running(t, func(ctx context.Context) error { return New(r.tracker, Config{Tick: time.Minute}).Serve(ctx, ln) })
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://whatever/v1/counts")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("got %s", resp.Status)
	}
}

func TestAPIServesOverTLS(t *testing.T) {
	lender := httptest.NewTLSServer(nil) // for its certificate
	defer lender.Close()
	r := serving(t, Config{TLS: &tls.Config{Certificates: lender.TLS.Certificates, MinVersion: tls.VersionTLS12}, Tokens: []string{token}}, nil)
	client := lender.Client()
	client.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	req, err := http.NewRequest("GET", "https://"+r.addr+"/v1/counts", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Proto != "HTTP/2.0" {
		t.Errorf("got %s %s", resp.Proto, resp.Status)
	}
}

func TestAnswersTellBrowsersToTrustNobodyElse(t *testing.T) {
	r := serving(t, Config{}, nil)
	for _, path := range []string{"/", "/v1/counts", "/healthz", "/nothing"} {
		resp, _ := r.ask("GET", path)
		h := resp.Header
		if !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'self';") || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("X-Frame-Options") != "DENY" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %v", path, h)
		}
	}
	if resp, _ := r.ask("GET", addresses["page.css"]); !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("assets: got %s", resp.Header.Get("Cache-Control"))
	}
}

func TestProfilesAreServedOnDemandOnly(t *testing.T) {
	serving(t, Config{}, nil).get(http.StatusNotFound, "/debug/pprof/")
	serving(t, Config{Pprof: true}, nil).get(http.StatusOK, "/debug/pprof/")
}
