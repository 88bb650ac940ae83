package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// maxSettings bounds the configuration file in bytes.
const maxSettings = 16 << 20

// Settings is the configuration file. Flags override it. Secrets are not in it:
// they come from the environment (see Environment).
type Settings struct {
	Name    string         `yaml:"name"`  // our own peer name
	Table   string         `yaml:"table"` // the stick table to count, declared in HAProxy's peers section
	Keys    string         `yaml:"keys"`  // generation or plain
	Peers   PeerSettings   `yaml:"peers"`
	HTTP    HTTPSettings   `yaml:"http"`
	Store   StoreSettings  `yaml:"store"`
	Drain   DrainSettings  `yaml:"drain"`
	Limits  LimitSettings  `yaml:"limits"`
	Webhook WebhookSetting `yaml:"webhook"`
	Log     LogSettings    `yaml:"log"`
}

// PeerSettings say how HAProxies and we meet.
type PeerSettings struct {
	Listen string           `yaml:"listen"` // where they call us
	Dial   []RemoteSettings `yaml:"dial"`   // whom we call
	Allow  []string         `yaml:"allow"`  // names that may call; all if empty
	TLS    TLSSettings      `yaml:"tls"`    // mutual
	Resync Span             `yaml:"resync"` // between two requests for everything
	Retire Span             `yaml:"retire"` // generations of dead processes are summed up after it
}

// RemoteSettings name one HAProxy that we call.
type RemoteSettings struct {
	Name    string `yaml:"name"`
	Address string `yaml:"address"`
}

// TLSSettings name PEM files.
type TLSSettings struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
	CA   string `yaml:"ca"` // who must have signed the other side
}

// HTTPSettings are about the API.
type HTTPSettings struct {
	Listen string      `yaml:"listen"` // host:port or unix:/path
	Hosts  []string    `yaml:"hosts"`  // names by which it is called; addresses and localhost always are
	TLS    TLSSettings `yaml:"tls"`
	Pprof  bool        `yaml:"pprof"`
}

// StoreSettings say where the totals are kept.
type StoreSettings struct {
	URL       string `yaml:"url"`       // a file for SQLite, postgres://…, or none
	Retention Span   `yaml:"retention"` // usage by the hour that is older is summed up; 0 keeps all
}

// DrainSettings are about the log of stopping processes.
type DrainSettings struct {
	Listen []string    `yaml:"listen"` // udp://…, tcp://…, unixgram://… or unix://…
	Allow  []string    `yaml:"allow"`  // networks; the loopback if empty
	TLS    TLSSettings `yaml:"tls"`    // for tcp://
}

// LimitSettings are the plans that customers have.
type LimitSettings struct {
	Table     string                  `yaml:"table"`   // HAProxy's table in which we deny; empty teaches nothing
	Length    int                     `yaml:"length"`  // of its keys, as `string len` in HAProxy says
	Refresh   Span                    `yaml:"refresh"` // between two lessons to HAProxy of who is denied
	Plans     map[string]PlanSettings `yaml:"plans"`
	Default   string                  `yaml:"default"`   // plan of customers that are not named
	Customers Assignments             `yaml:"customers"` // plan of each
}

// PlanSettings is one plan.
type PlanSettings struct {
	Hour  Most  `yaml:"hour"` // most per hour, day, month (UTC) and ever; 0 is no limit
	Day   Most  `yaml:"day"`
	Month Most  `yaml:"month"`
	Total Most  `yaml:"total"`
	Warn  []int `yaml:"warn"` // percentages of a limit that are announced too
	Deny  bool  `yaml:"deny"` // whether HAProxy is taught to deny who is over
}

// WebhookSetting says whom to tell who passed a limit.
type WebhookSetting struct {
	URL string `yaml:"url"`
}

// LogSettings are about the log on standard error.
type LogSettings struct {
	Format string `yaml:"format"` // text or json
	Level  string `yaml:"level"`  // debug, info, warn or error
}

// DefaultSettings are what holds where neither file nor flags say otherwise.
func DefaultSettings() Settings {
	return Settings{
		Name: "tracker", Table: "quota", Keys: keysGeneration,
		Peers:  PeerSettings{Resync: Span(time.Minute), Retire: Span(48 * time.Hour)},
		Store:  StoreSettings{URL: "quota-tracker.db"},
		Limits: LimitSettings{Length: 64, Refresh: Span(20 * time.Second)},
		Log:    LogSettings{Format: "text", Level: "info"},
	}
}

// The styles of keys that Settings know.
const (
	keysGeneration = "generation"
	keysPlain      = "plain"

	// storeNone is the URL that keeps nothing.
	storeNone = "none"
)

// ReadSettings reads a configuration file over s. It reports every mistake at once,
// with its line.
func ReadSettings(file string, s *Settings) error {
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSettings+1))
	if err != nil {
		return err
	}
	if len(text) > maxSettings {
		return fmt.Errorf("%s: longer than %d bytes", file, maxSettings)
	}
	return parseSettings(file, text, s)
}

func parseSettings(file string, text []byte, s *Settings) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	err := decoder.Decode(s)
	if errors.Is(err, io.EOF) {
		return nil // an empty file changes nothing
	}
	if err == nil {
		if !errors.Is(decoder.Decode(new(yaml.Node)), io.EOF) {
			err = errors.New("more than one document")
		}
	}
	if err != nil {
		return located(file, err)
	}
	return nil
}

// located writes the file in front of every complaint.
func located(file string, err error) error {
	var several *yaml.TypeError
	if !errors.As(err, &several) {
		return fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	var all []error
	for _, one := range several.Errors {
		text := strings.ReplaceAll(one.Err.Error(), " in type daemon.", " in ")
		all = append(all, fmt.Errorf("%s:%d:%d: %s", file, one.Line, one.Column, text))
	}
	return errors.Join(all...)
}
