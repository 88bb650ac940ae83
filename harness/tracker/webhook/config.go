package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Message is something to deliver.
type Message struct {
	ID      string // the same for the same event; of characters that a header may have
	Kind    string // what it tells, such as limit.crossed
	Body    []byte // JSON; messages with the same member "customer" are kept in order
	Created time.Time
}

// Outbox is where messages wait. Its methods are called from several goroutines.
type Outbox interface {
	// Undelivered returns the oldest messages that were not delivered, oldest first,
	// at most limit.
	Undelivered(ctx context.Context, limit int) ([]Message, error)

	// Delivered takes a message out of those that wait.
	Delivered(ctx context.Context, id string, at time.Time) error
}

// What a Config may ask for.
const (
	MinSecret      = 16 // bytes
	MaxConcurrency = 64
)

// Config says where messages go. URL, Secret and Outbox must be given.
type Config struct {
	URL    string // http or https, without user and password
	Secret []byte // signs the messages; at least MinSecret bytes
	Outbox Outbox

	TLS         *tls.Config   // for https; nil trusts the authorities of the system. Certificates are always verified.
	Timeout     time.Duration // of one attempt; 10 s if zero
	Concurrency int           // attempts at a time; 4 if zero
	RetryMin    time.Duration // least pause after a failure; 1 s if zero
	RetryMax    time.Duration // longest pause after failures; 5 min if zero
	Hold        time.Duration // how long a failing message holds back later ones of its customer; 1 h if zero
	Agent       string        // User-Agent; haproof if empty

	// Report is called after each attempt that failed, from several goroutines; may
	// be nil.
	Report func(Failure)
}

// Failure is an attempt that failed.
type Failure struct {
	ID       string        // of the message; empty if the outbox itself failed
	Attempts int           // of this message, since the program started
	Age      time.Duration // of the message
	Refused  bool          // the receiver will not have it
	Retry    time.Duration // when it is tried again, at the earliest
	Err      error         // does not name the URL, which may hold a secret
}

// Validate says everything that is wrong with the configuration.
func (c Config) Validate() error {
	errs := checkURL(c.URL)
	if len(c.Secret) < MinSecret {
		errs = append(errs, fmt.Errorf("secret of %d bytes, want at least %d", len(c.Secret), MinSecret))
	}
	if c.Outbox == nil {
		errs = append(errs, errors.New("no outbox"))
	}
	if c.TLS != nil && c.TLS.InsecureSkipVerify {
		errs = append(errs, errors.New("certificates must be verified"))
	}
	if c.Concurrency < 0 || c.Concurrency > MaxConcurrency {
		errs = append(errs, fmt.Errorf("%d attempts at a time, want 1 to %d", c.Concurrency, MaxConcurrency))
	}
	if c.Timeout < 0 || c.RetryMin < 0 || c.RetryMax < 0 || c.Hold < 0 {
		errs = append(errs, errors.New("a time is negative"))
	}
	if full := c.withDefaults(); full.RetryMin > full.RetryMax {
		errs = append(errs, fmt.Errorf("the least pause, %v, is longer than the longest, %v", full.RetryMin, full.RetryMax))
	}
	return errors.Join(errs...)
}

// checkURL does not repeat the URL: it may hold a secret.
func checkURL(text string) (errs []error) {
	u, err := url.Parse(text)
	if err != nil {
		return []error{errors.New("the URL is not readable")}
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		errs = append(errs, errors.New("the URL begins with neither http:// nor https://"))
	}
	if u.Hostname() == "" {
		errs = append(errs, errors.New("the URL has no host"))
	}
	if u.User != nil {
		errs = append(errs, errors.New("the URL has a user: messages are known by their signature"))
	}
	return errs
}

func (c Config) withDefaults() Config {
	orElse(&c.Timeout, 10*time.Second)
	orElse(&c.Concurrency, 4)
	orElse(&c.RetryMin, time.Second)
	orElse(&c.RetryMax, 5*time.Minute)
	orElse(&c.Hold, time.Hour)
	orElse(&c.Agent, "haproof")
	return c
}

func orElse[T comparable](v *T, fallback T) {
	var zero T
	if *v == zero {
		*v = fallback
	}
}
