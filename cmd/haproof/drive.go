package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/driver"
)

// driveOptions are the flags of drive.
type driveOptions struct {
	loadOptions
	clientOptions
	driver      string
	connections int
	timeout     time.Duration
	method      string
	headers     []string
	body        string
	targets     string
	format      string
	template    bool
	customers   int
	authority   string
	insecure    bool
	slo         string
	out         string
	json        bool
	live        bool
	results     string
	hgrm        string
	histogram   string
}

func (a *app) drive() *cobra.Command { return a.driveCommand(&driveOptions{}) }

// driveCommand writes its flags into o.
func (a *app) driveCommand(o *driveOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "drive [flags] URL… | drive [flags] --targets FILE",
		Short: "Load URLs at a rate and say how they answered",
		Long: `drive offers requests at a rate whether or not the answers keep up (open loop), and
reports response times from the time at which each was due: what a user would feel, not
what a tool that waits for its server sees. Several URLs take turns.

With --users it is a closed loop instead: so many users ask, wait for the answer, and ask
again. A server that slows down slows them down too, so their times flatter it.

With --slo it is a gate: --slo 'p99<20ms,errors<=0.1%,rate>4900/s' fails where an objective
is missed, and is unknown where the generator itself was too late to tell. There are p50,
p90, p95, p99, p999 and max of the response time, and with a word ahead of other times
(service-p99, ttfb-p99, lag-p99; alone the word means p99), errors, and rate. A limit itself is good with <= and >=
only; any answer below 400 is good. Without --slo any error fails.

With --template every request differs: {seq} is its number, {random:8} so many hexadecimal
digits, {customer} a name, {user} the number of its user, {cookie:NAME} what that user was
given; {{ is a brace that stands for itself. Two runs with one --seed send the same.

Records, the report as HTML and result.json are kept below --out, as run keeps them. A record
has each request, 20 million at most; with --totals it has only what they add up to, however
many there are (of poisson arrivals 20 million).
Load only what is yours.
` + exitCodes,
		Example: `  haproof drive --rate 5000/s --duration 30s http://127.0.0.1:8080/
  haproof drive --rate 200/s --duration 10s --slo 'p99<20ms,errors<=0.1%' https://shop.test/ --ca ca.pem
  haproof drive --users 50 --think 100ms --cookies --duration 1m --live http://127.0.0.1:8080/
  haproof drive --rate 100/s --requests 5000 --targets targets.txt --results results.gob`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.http2 && !cmd.Flags().Changed("driver") {
				o.driver = "vegeta" // the one that speaks it
			}
			return a.driveURLs(args, *o)
		},
	}
	flags := cmd.Flags()
	o.loadOptions.flags(flags)
	o.clientOptions.flags(flags)
	flags.IntVar(&o.connections, "connections", 0, "most idle connections kept per address (default: the driver's own)")
	flags.DurationVar(&o.timeout, "timeout", 10*time.Second, "patience for one answer")
	flags.StringVar(&o.driver, "driver", harness.DefaultDriver(driver.Names()), "what drives: "+strings.Join(driver.Names(), ", "))
	flags.StringVarP(&o.method, "method", "X", http.MethodGet, "method for URLs")
	flags.StringArrayVarP(&o.headers, "header", "H", nil, "header 'Name: value'; may be repeated")
	flags.StringVar(&o.body, "body", "", "file with the body to send")
	flags.StringVar(&o.targets, "targets", "", "file of targets as vegeta takes it, or - for stdin; instead of URLs")
	flags.StringVar(&o.format, "format", "http", "of --targets: http or json")
	flags.BoolVar(&o.template, "template", false, "fill in placeholders in paths, headers and bodies, see below")
	flags.IntVar(&o.customers, "customers", 50, "with --template: how many names {customer} stands for, c0000 first")
	flags.StringVar(&o.authority, "ca", "", "file of certificate authorities to trust, instead of the system's")
	flags.BoolVar(&o.insecure, "insecure", false, "trust any certificate")
	flags.StringVar(&o.slo, "slo", "", "objectives, such as 'p99<20ms,errors<=0.1%,rate>4900/s'")
	flags.StringVar(&o.out, "out", "out", "directory for runs")
	flags.BoolVar(&o.json, "json", false, "print result.json instead of text")
	flags.BoolVar(&o.live, "live", false, "show every second how it goes")
	flags.StringVar(&o.results, "results", "", "write every request to this file for vegeta: .gob, .json or .csv")
	flags.StringVar(&o.hgrm, "hgrm", "", "write the distribution of response times to this file, as HdrHistogram prints it")
	flags.StringVar(&o.histogram, "histogram", "", "write all histograms to this file, as a log that HdrHistogram's tools read and merge")
	return cmd
}

// scenario makes the flags a scenario, without a topology: what is loaded runs
// elsewhere.
func (o *driveOptions) scenario(targets []harness.Request) (harness.Scenario, error) {
	w := harness.Workload{Driver: o.driver, Requests: o.requests, Connections: o.connections, Timeout: o.timeout, Targets: targets}
	checks, err := objectives(o.slo)
	if err == nil {
		err = o.clientOptions.into(&w)
	}
	if err == nil {
		err = o.loadOptions.into(&w)
	}
	switch {
	case err != nil:
		return harness.Scenario{}, err
	case o.customers < 1 || o.customers > harness.MaxCustomers:
		return harness.Scenario{}, fmt.Errorf("--customers %d: want 1 to %d", o.customers, harness.MaxCustomers)
	case w.Timeout <= 0 || w.Connections < 0:
		return harness.Scenario{}, errors.New("--timeout is above 0, and --connections not below")
	}
	if o.template {
		w.Customers = o.customers
	}
	if o.template && !o.cookies && slices.ContainsFunc(targets, asksCookies) {
		return harness.Scenario{}, errors.New("{cookie:NAME} is always empty where nobody keeps cookies: add --cookies and --users or --session, or write {{ for a brace")
	}
	return harness.Scenario{Name: "drive", Question: o.question(), Workload: w, Trials: 1, Checks: checks}, nil
}

// asksCookies says whether a target has a placeholder for a cookie.
func asksCookies(r harness.Request) bool {
	pieces, _ := harness.ParsePattern(r.Path + r.Header + r.Body) // which was read before
	return slices.ContainsFunc(pieces, func(p harness.Piece) bool { return p.Place == harness.PlaceCookie })
}

// question is what a drive asks.
func (o *driveOptions) question() string {
	if o.loop() {
		return fmt.Sprintf("How are %d users answered who wait for their answers?", o.users)
	}
	if o.session > 0 {
		return fmt.Sprintf("How are users answered of whom %s arrive and ask %d times each?", o.rate, o.session)
	}
	return "How are requests answered at " + o.rate + "?"
}

// list reads what is to be asked, and where that goes.
func (o *driveOptions) list(urls []string) ([]harness.Request, []harness.Endpoint, error) {
	l := driver.Listing{Method: o.method, Header: http.Header{}, Template: o.template}
	for _, h := range o.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, nil, fmt.Errorf("--header %q: want 'Name: value'", h)
		}
		l.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if o.body != "" {
		var err error
		if l.Body, err = os.ReadFile(o.body); err != nil {
			return nil, nil, fmt.Errorf("--body: %w", err)
		}
	}
	var targets []harness.Request
	var to []harness.Endpoint
	var err error
	switch {
	case (o.targets == "") == (len(urls) == 0):
		return nil, nil, errors.New("want URLs, or --targets with a file of them")
	case o.targets == "":
		targets, to, err = l.List(urls)
	default:
		targets, to, err = o.read(l)
	}
	if err != nil {
		return nil, nil, err
	}
	return targets, to, o.trust(to)
}

func (o *driveOptions) read(l driver.Listing) (targets []harness.Request, to []harness.Endpoint, err error) {
	var file io.Reader = os.Stdin
	if o.targets != "-" {
		f, err := os.Open(o.targets)
		if err != nil {
			return nil, nil, fmt.Errorf("--targets: %w", err)
		}
		defer f.Close()
		file = f
	}
	targets, to, err = l.Read(file, o.format)
	if err != nil {
		return nil, nil, fmt.Errorf("--targets %s: %w", o.targets, err)
	}
	return targets, to, nil
}

// trust says whose certificates endpoints may show.
func (o *driveOptions) trust(to []harness.Endpoint) error {
	var roots []byte
	if o.authority != "" {
		var err error
		if roots, err = os.ReadFile(o.authority); err != nil {
			return fmt.Errorf("--ca: %w", err)
		}
		if !x509.NewCertPool().AppendCertsFromPEM(roots) {
			return fmt.Errorf("--ca %s: there is no certificate in it: want PEM, as between BEGIN CERTIFICATE and END CERTIFICATE", o.authority)
		}
	}
	for i := range to {
		to[i].RootPEM, to[i].Trusted = roots, o.insecure
	}
	return nil
}
