package api

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// errLogin says that a person has to log in first.
var errLogin = errors.New("log in first")

const maxLogin = 8 << 10 // bytes of the form

// loginView is what the template of the login shows.
type loginView struct {
	frame
	To    string // where the user wanted to go
	Wrong bool   // the token
}

// serveLogin answers GET /login with the form.
func (a *API) serveLogin(w http.ResponseWriter, r *http.Request) error {
	p, err := paramsOf(r, "to")
	if err != nil {
		return err
	}
	if len(a.cfg.Tokens) == 0 {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	return writePage(w, http.StatusOK, "login.html", loginView{frame: a.frame("Log in"), To: ownPath(p.text("to"))})
}

// login answers POST /login: a token for a cookie.
func (a *API) login(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxLogin)
	if err := r.ParseForm(); err != nil {
		return problemf(http.StatusBadRequest, "form: %v", err)
	}
	to := ownPath(r.PostForm.Get("to"))
	token := a.door.find(strings.TrimSpace(r.PostForm.Get("token")))
	if token == "" {
		return writePage(w, http.StatusUnauthorized, "login.html", loginView{frame: a.frame("Log in"), To: to, Wrong: true})
	}
	expires := time.Now().Add(sessionTime)
	http.SetCookie(w, cookie(sign(token, expires), expires))
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// logout answers POST /logout.
func (a *API) logout(w http.ResponseWriter, r *http.Request) error {
	http.SetCookie(w, cookie("", time.Unix(1, 0)))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}

// cookie is for our own pages only, and no script sees it. Browsers send it without
// TLS to the loopback alone.
func cookie(value string, expires time.Time) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value, Path: "/", Expires: expires,
		HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode,
	}
}

// ownPath returns a path and query of ours, "/" for whatever is not one.
func ownPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || u.Opaque != "" || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(u.Path, "//") || strings.Contains(to, `\`) {
		return "/"
	}
	own := url.URL{Path: u.Path, RawQuery: u.RawQuery}
	return own.String()
}
