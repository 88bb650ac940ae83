package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stage is what a scene plays on: HAProxy, an origin, and us as its peer.
type stage struct {
	dir    string // of HAProxy's files, as we see it
	config string
	proxy  process
	origin *http.Server
	peer   *recorder
	client *http.Client
	url    string
}

// process is HAProxy, its master in fact.
type process struct {
	cmd *exec.Cmd
	log lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// open starts everything; on error it stops what it had started.
func (c *capture) open(ctx context.Context, s scene) (_ *stage, err error) {
	st := &stage{client: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, st.close())
		}
	}()
	if st.dir, err = os.MkdirTemp(filepath.Join(c.root, "tmp"), "golden-"); err != nil {
		return nil, err
	}
	if err := os.Chmod(st.dir, 0o755); err != nil {
		return nil, err
	}
	origin, err := net.Listen("tcp", c.host+":0")
	if err != nil {
		return nil, err
	}
	st.origin = &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = st.origin.Serve(origin) }() // close ends it
	if st.peer, err = newRecorder(ctx, c.host); err != nil {
		return nil, err
	}
	front, err := freeAddr(c.host)
	if err != nil {
		return nil, err
	}
	local, err := freeAddr(c.host)
	if err != nil {
		return nil, err
	}
	st.url = "http://" + front
	inside := "/" + strings.TrimPrefix(strings.TrimPrefix(st.dir, c.root), "/")
	st.config = strings.NewReplacer("$SOCKET", inside+"/admin.sock", "$FRONT", front, "$LOCAL", local,
		"$TRACKER", st.peer.addr(), "$ORIGIN", origin.Addr().String(), "$EXTRA", extraTypes(c.version)).Replace(s.config)
	if err := os.WriteFile(filepath.Join(st.dir, "haproxy.cfg"), []byte(st.config), 0o644); err != nil {
		return nil, err
	}
	return st, st.start(ctx, c, inside)
}

// extraTypes are data types that older versions do not have.
func extraTypes(version string) string {
	if strings.HasPrefix(version, "2.") {
		return ""
	}
	return ",glitch_cnt,glitch_rate(1h)"
}

func (st *stage) start(ctx context.Context, c *capture, inside string) error {
	cmd := exec.Command(c.haproxy, "-W", "-db", "-L", "hap1", "-f", inside+"/haproxy.cfg")
	c.confine(cmd)
	cmd.Stdout, cmd.Stderr = &st.proxy.log, &st.proxy.log
	if err := cmd.Start(); err != nil {
		return err
	}
	st.proxy.cmd = cmd
	if err := st.peer.await(ctx, 1, heardFinished); err != nil {
		return fmt.Errorf("HAProxy did not connect: %w\n%s", err, st.proxy.log.String())
	}
	return nil
}

// freeAddr returns an address that nobody listened on a moment ago.
func freeAddr(host string) (string, error) {
	ln, err := net.Listen("tcp", host+":0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// attempt sends one request with these headers, given as name, value, name, value.
func (st *stage) attempt(ctx context.Context, path string, headers ...string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, st.url+path, nil)
	if err != nil {
		return err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := st.client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close())
}

// showTables asks HAProxy for its tables.
func (st *stage) showTables(names []string) (string, error) {
	var all strings.Builder
	for _, name := range names {
		conn, err := net.Dial("unix", filepath.Join(st.dir, "admin.sock"))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(conn, "show table %s\n", name)
		text, err := io.ReadAll(conn)
		if err := errors.Join(err, conn.Close()); err != nil {
			return "", err
		}
		all.Write(text)
	}
	return all.String(), nil
}

func (st *stage) write(dir, name, table string) error {
	files := map[string][]byte{name + ".cfg": []byte(st.config), name + ".table.txt": []byte(table)}
	for i, b := range st.peer.streams() {
		files[fmt.Sprintf("%s-%d.bin", name, i+1)] = b
	}
	for file, b := range files {
		if err := os.WriteFile(filepath.Join(dir, file), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// close stops what was started, in reverse.
func (st *stage) close() error {
	var errs []error
	if st.proxy.cmd != nil {
		errs = append(errs, st.proxy.cmd.Process.Signal(syscall.SIGTERM))
		kill := time.AfterFunc(5*time.Second, func() { _ = st.proxy.cmd.Process.Kill() })
		_ = st.proxy.cmd.Wait() // 143: it was told to end
		kill.Stop()
	}
	if st.peer != nil {
		errs = append(errs, st.peer.close())
	}
	if st.origin != nil {
		errs = append(errs, st.origin.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(st.dir))...)
}
