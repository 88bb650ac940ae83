// Command golden captures what a real HAProxy sends to a peer, for the tests of
// package peers:
//
//	go run ./harness/peers/golden -out fixtures/peers
//	go run ./harness/peers/golden -image haproof/haproxy:3.2 -out fixtures/peers
//
// Without -image it runs the installed HAProxy, with it one in a container. It plays each scene with an HAProxy of its own on loopback addresses of its own,
// with a few hundred attempts at most, and writes into a folder named after
// HAProxy's version: <scene>-<n>.bin, the bytes of its n-th connection; <scene>.cfg;
// <scene>.table.txt, what `show table` said at the end, which is the oracle; and
// capture.json, which says how. It needs about 10 s per scene.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// sceneTimeout bounds one scene from start to end.
const sceneTimeout = time.Minute

// capture is one run of the command.
type capture struct {
	program program
	out     string
	host    string // loopback address for HAProxy and the origin
	version string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var c capture
	flag.StringVar(&c.program.path, "haproxy", "/usr/sbin/haproxy", "`path` of the installed HAProxy")
	flag.StringVar(&c.program.image, "image", "", "container `image` that has an HAProxy; needs docker")
	flag.StringVar(&c.out, "out", "fixtures/peers", "`folder` to write to")
	flag.StringVar(&c.host, "host", "127.77.0.1", "loopback `address` to use")
	flag.Parse()
	err := c.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "golden:", err)
		os.Exit(3)
	}
}

func (c *capture) run(ctx context.Context) error {
	version, err := c.askVersion(ctx)
	if err != nil {
		return err
	}
	c.version = version
	dir := filepath.Join(c.out, version)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, s := range scenes {
		if err := c.play(ctx, s, dir); err != nil {
			return fmt.Errorf("scene %s: %w", s.name, err)
		}
		fmt.Println(filepath.Join(dir, s.name))
	}
	return c.describe(dir)
}

func (c *capture) askVersion(ctx context.Context) (string, error) {
	text, err := c.program.command(ctx, "", "-v").Output()
	if err != nil {
		return "", fmt.Errorf("ask the version of %v: %w", c.program, err)
	}
	found := regexp.MustCompile(`[Vv]ersion (\d+\.\d+\.\d+)`).FindSubmatch(text)
	if found == nil {
		return "", fmt.Errorf("no version in %q", text)
	}
	return string(found[1]), nil
}

func (c *capture) play(ctx context.Context, s scene, dir string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, sceneTimeout)
	defer cancel()
	st, err := c.open(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	if err := s.play(ctx, st); err != nil {
		return fmt.Errorf("%w\n%s", err, st.proxy.said())
	}
	table, err := st.showTables(s.tables)
	if err != nil {
		return err
	}
	return st.write(dir, s.name, table)
}

func (c *capture) describe(dir string) error {
	about := struct {
		HAProxy, Captured, Program, Command string
		Scenes                              map[string]string
	}{
		HAProxy: c.version, Captured: time.Now().UTC().Format(time.DateOnly), Program: c.program.String(),
		Command: "go run ./harness/peers/golden" + c.program.flags() + " -out fixtures/peers",
		Scenes:  map[string]string{},
	}
	for _, s := range scenes {
		about.Scenes[s.name] = s.about
	}
	text, err := json.MarshalIndent(about, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "capture.json"), append(text, '\n'), 0o644)
}
