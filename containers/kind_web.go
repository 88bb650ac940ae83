package containers

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/haproof/haproof/harness"
)

func init() {
	register(component{
		kind: "web", tier: harness.TierBackend, stage: 0,
		takes: takes{threads: true}, // of PHP
		programs: func(harness.Tier) []program {
			return []program{
				{name: "bash", install: "bash"}, {name: "nginx", install: "nginx-light"}, {name: "php-fpm*", install: "php-fpm"},
			}
		},
		image:  func(*plan, *node) string { return "haproof/web:bookworm" },
		render: renderWeb, ready: webReady, version: webVersion, complaint: webComplaint,
	})
}

// webWorkers is how many PHP processes a web node has by default.
const webWorkers = 4

// webData fills in nginx.conf.tmpl and php-fpm.conf.tmpl.
type webData struct {
	Name, Address, Dir string
	Ports              any
	Files, Connections int
	Workers            int
	Fault              string // file that says how PHP misbehaves; empty where it never does
}

func renderWeb(p *plan, n *node) (nodeSpec, error) {
	data := webData{
		Name: n.name, Address: n.site.Address, Dir: n.site.NodeDir, Ports: ports,
		// A dynamic answer takes two connections: from the proxy and to PHP.
		Files: int(p.files), Connections: max(256, min(16384, int(p.files)-200)),
		Workers: orElseInt(n.tier.Threads, webWorkers),
	}
	if p.mayMeet(n, webFaults...) {
		data.Fault = n.site.NodeDir + "/" + webFaultFile
	}
	nginx, err := fill("nginx.conf", data)
	if err != nil {
		return nodeSpec{}, err
	}
	php, err := fill("php-fpm.conf", data)
	if err != nil {
		return nodeSpec{}, err
	}
	files := map[string]file{
		"nginx.conf":    nginx,
		"php-fpm.conf":  php,
		"entry.sh":      embedded("image/web/entry.sh"),
		"www/index.php": embedded("image/web/www/index.php"),
	}
	for path, content := range staticFiles() {
		files["www/"+path] = file{Content: content}
	}
	return p.spec(n, files, []string{"bash", n.site.NodeDir + "/entry.sh"}, ports.HTTP, ports.Status), nil
}

func orElseInt(value, otherwise int) int {
	if value == 0 {
		return otherwise
	}
	return value
}

// pixelGIF is the 43-byte transparent image of advertising.
const pixelGIF = "R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="

// staticFiles are the files that a web node serves, by path.
func staticFiles() map[string][]byte {
	pixel, err := base64.StdEncoding.DecodeString(pixelGIF)
	if err != nil {
		panic(err) // a constant
	}
	return map[string][]byte{
		"pixel.gif":       pixel,
		"static/1k.css":   bytes.Repeat([]byte("/* haproof css*/"), 1024/16),
		"static/10k.js":   bytes.Repeat([]byte("/* haproof js */"), 10240/16),
		"static/100k.bin": bytes.Repeat([]byte("0123456789abcdef"), 102400/16),
	}
}

// webReady wants nginx's status page and PHP's own ping. Neither is logged: the
// log of the origin is for attempts only.
func webReady(ctx context.Context, _ *plan, n *node) error {
	if _, err := webStatus(ctx, n); err != nil {
		return err
	}
	status, body, err := get(ctx, "http://"+n.at(ports.Status)+"/ping")
	if err != nil {
		return err
	}
	if status != http.StatusOK || body != "pong" {
		return fmt.Errorf("PHP does not answer: nginx says %d", status)
	}
	return nil
}

// webVersion reads what the programs said of themselves at the node's start.
func webVersion(ctx context.Context, _ *plan, n *node) (string, error) {
	log, err := n.process.open(ctx, "version.txt")
	if err != nil {
		return "", err
	}
	defer func() { _ = log.Close() }()
	text, err := io.ReadAll(io.LimitReader(log, 64<<10))
	if err != nil {
		return "", err
	}
	return webVersions(string(text)), nil
}

// webVersions reads "nginx version: nginx/1.22.1" and "PHP 8.2.29 (fpm-fcgi) …".
func webVersions(text string) string {
	nginx, php := "nginx", "PHP"
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "nginx version: nginx/"); ok {
			nginx = "nginx " + v
		}
		if words := strings.Fields(line); len(words) > 1 && words[0] == "PHP" {
			php = "PHP " + words[1]
		}
	}
	return nginx + ", " + php
}

// webComplaint picks nginx's and PHP's own words on why they do not start.
func webComplaint(log []string) []string {
	var errs []string
	for _, line := range log {
		if strings.Contains(line, "[emerg]") || strings.Contains(line, "ERROR:") {
			errs = append(errs, line)
		}
	}
	return errs
}
