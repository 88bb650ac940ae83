package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/haproof/haproof/harness"
)

// clientOptions are the flags of drive that say how clients behave.
type clientOptions struct {
	users    int
	session  int
	think    time.Duration
	thinking string
	cookies  bool

	most    int
	reuse   string
	each    int
	resume  string
	version string
	http2   bool
}

func (o *clientOptions) flags(flags *pflag.FlagSet) {
	flags.IntVar(&o.users, "users", 0, "closed loop: always so many users, each on its connection, who ask again when answered; instead of --rate")
	flags.IntVar(&o.session, "session", 0, "requests of one user; with --rate that many users arrive, and each asks so often")
	flags.DurationVar(&o.think, "think", 0, "mean pause of a user before it asks again")
	flags.StringVar(&o.thinking, "thinking", harness.ThinkFixed, "how pauses are spread: fixed or exponential")
	flags.BoolVar(&o.cookies, "cookies", false, "users keep the cookies that they are given")
	flags.IntVar(&o.most, "most-connections", 0, "connections open at a time, all together; what finds none free waits (default: the driver's own limit)")
	flags.StringVar(&o.reuse, "reuse", "", "which idle connection goes first: recent or oldest (default recent, oldest with --users)")
	flags.IntVar(&o.each, "requests-per-connection", 0, "close a connection after so many requests (default: when the server does)")
	flags.StringVar(&o.resume, "resume", "", "share of new TLS connections that offer a session to resume, such as 50% (default 100%)")
	flags.StringVar(&o.version, "tls-version", "", "1.2 or 1.3 and no other (default: either)")
	flags.BoolVar(&o.http2, "http2", false, "HTTP/2 over TLS, by driver vegeta")
}

// loop says whether the load is a closed loop.
func (o *clientOptions) loop() bool { return o.users > 0 }

// into writes the flags into a workload, or says which contradict each other.
func (o *clientOptions) into(w *harness.Workload) error {
	if err := errors.Join(o.usersInto(w), o.connectInto(w)); err != nil {
		return err
	}
	if !o.http2 {
		return nil
	}
	w.Protocol = harness.ProtocolHTTP2
	switch {
	case w.Driver != "vegeta":
		return fmt.Errorf("--http2: driver %s speaks HTTP/1.1 only: use --driver vegeta", w.Driver)
	case o.most > 0 || o.reuse != "":
		return errors.New("--http2: --most-connections and --reuse are for HTTP/1.1, where a connection carries one request at a time: use --connections")
	}
	for _, t := range w.Targets {
		if !t.TLS {
			return fmt.Errorf("--http2: http://%s%s is in clear, and HTTP/2 goes over TLS: write https://", t.Host, t.Path)
		}
	}
	return nil
}

func (o *clientOptions) usersInto(w *harness.Workload) error {
	switch {
	case o.users < 0 || o.session < 0 || o.think < 0:
		return errors.New("--users, --session and --think are not below 0")
	case o.users > harness.MaxUsers || o.session > harness.MaxSession || o.think > harness.MaxThinking:
		return fmt.Errorf("--users, --session and --think are at most %d, %d and %v", harness.MaxUsers, harness.MaxSession, harness.MaxThinking)
	case o.most > 0 && o.most < o.users:
		return fmt.Errorf("--most-connections %d: each of %d users has a connection of its own: ask for as many or more", o.most, o.users)
	case o.thinking != harness.ThinkFixed && o.thinking != harness.ThinkExponential:
		return fmt.Errorf("--thinking %s: there are %s and %s", o.thinking, harness.ThinkFixed, harness.ThinkExponential)
	case o.users == 0 && o.session == 0 && (o.think > 0 || o.cookies || o.thinking != harness.ThinkFixed):
		return errors.New("--think, --thinking and --cookies are of users: add --users 50, or --session 10 to --rate")
	case o.users == 0 && o.session == 0:
		return nil
	case o.think == 0 && o.thinking != harness.ThinkFixed:
		return errors.New("--thinking says how pauses are spread, and there are none: add --think 500ms")
	case o.users == 0 && w.Requests%uint64(o.session) != 0:
		return fmt.Errorf("--requests %d are no whole number of users who ask %d times each", w.Requests, o.session)
	}
	w.Users = &harness.Users{Count: o.users, Requests: o.session, Think: o.think, Cookies: o.cookies}
	if o.thinking != harness.ThinkFixed {
		w.Users.Thinking = o.thinking
	}
	return nil
}

func (o *clientOptions) connectInto(w *harness.Workload) error {
	c := harness.Connect{Most: o.most, Reuse: o.reuse, Requests: o.each, TLS: o.version}
	switch {
	case o.most < 0 || o.each < 0:
		return errors.New("--most-connections and --requests-per-connection are not below 0")
	case o.most > harness.MaxConnections:
		return fmt.Errorf("--most-connections %d: want at most %d, as a client has some 60000 ports per address", o.most, harness.MaxConnections)
	case o.reuse == harness.ReuseOldest && o.each == 1:
		return errors.New("--reuse oldest says nothing where --requests-per-connection is 1: keep one of them")
	case o.reuse != "" && o.reuse != harness.ReuseRecent && o.reuse != harness.ReuseOldest:
		return fmt.Errorf("--reuse %s: there are %s and %s", o.reuse, harness.ReuseRecent, harness.ReuseOldest)
	case o.version != "" && o.version != "1.2" && o.version != "1.3":
		return fmt.Errorf("--tls-version %s: there are 1.2 and 1.3", o.version)
	}
	if o.resume != "" {
		share, err := parseShare(o.resume)
		if err != nil {
			return fmt.Errorf("--resume: %w", err)
		}
		c.Resume = &share
	}
	overTLS := slices.ContainsFunc(w.Targets, func(r harness.Request) bool { return r.TLS })
	if (c.Resume != nil || c.TLS != "") && len(w.Targets) > 0 && !overTLS {
		return errors.New("--resume and --tls-version are about TLS, which no URL uses: write https://, or take them out")
	}
	if c != (harness.Connect{}) {
		w.Connect = &c
	}
	return nil
}

// parseShare reads a share from 0 to 1, or with its sign, such as 50%.
func parseShare(text string) (harness.Share, error) {
	number, signed := strings.CutSuffix(text, "%")
	value, err := strconv.ParseFloat(number, 64)
	if signed {
		value /= 100
	}
	if err != nil || !(value >= 0 && value <= 1) {
		return 0, fmt.Errorf("%q is no share such as 50%% or 0.5", text)
	}
	return harness.Share(value), nil
}
