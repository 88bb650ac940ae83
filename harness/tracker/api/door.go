package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	cookieName  = "quota-tracker"
	sessionTime = 12 * time.Hour // after which a browser must log in again
)

// door opens to those who have a token, and to browsers whose user had one. The
// cookie of a browser is signed with the token and expires: it outlives neither.
type door struct {
	tokens []string
}

func newDoor(tokens []string) door { return door{slices.Clone(tokens)} }

// opens says whether a question carries a token or a valid cookie.
func (d door) opens(r *http.Request, now time.Time) bool {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return d.find(strings.TrimSpace(token)) != ""
	}
	cookie, err := r.Cookie(cookieName)
	return err == nil && d.signed(cookie.Value, now)
}

// find returns the token that is like the one given, empty if there is none. How long
// it takes tells nothing about the tokens but their number.
func (d door) find(given string) (found string) {
	digest := sha256.Sum256([]byte(given))
	for _, t := range d.tokens {
		want := sha256.Sum256([]byte(t))
		if subtle.ConstantTimeCompare(digest[:], want[:]) == 1 {
			found = t
		}
	}
	return found
}

// sign returns what the cookie of a browser says.
func sign(token string, expires time.Time) string {
	text := strconv.FormatInt(expires.Unix(), 10)
	return text + "." + hex.EncodeToString(signature(token, text))
}

func signature(token, expires string) []byte {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("quota-tracker session until " + expires))
	return mac.Sum(nil)
}

// signed says whether a cookie was signed with one of the tokens and has not expired.
func (d door) signed(cookie string, now time.Time) (ok bool) {
	text, code, _ := strings.Cut(cookie, ".")
	expires, err := strconv.ParseInt(text, 10, 64)
	if err != nil || now.Unix() >= expires {
		return false
	}
	given, err := hex.DecodeString(code)
	if err != nil {
		return false
	}
	for _, t := range d.tokens {
		if hmac.Equal(given, signature(t, text)) {
			ok = true
		}
	}
	return ok
}

// checkHost protects an API without tokens from pages that make a browser believe
// that their own name is our address.
func (a *API) checkHost(r *http.Request) error {
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && addr.Network() == "unix" {
		return nil
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" || net.ParseIP(host) != nil || slices.Contains(a.cfg.Hosts, host) {
		return nil
	}
	return problemf(http.StatusMisdirectedRequest, "host %q is not ours; call us by address, or add the name to our hosts", host)
}
