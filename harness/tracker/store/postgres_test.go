package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience is how long a test waits for what must come, however busy the machine is.
const patience = 2 * time.Minute

// server is a PostgreSQL server of the tests' own, on a unix socket.
type server struct {
	dir  string
	bin  string
	cred *syscall.Credential
	log  bytes.Buffer
	cmd  *exec.Cmd
	done chan error
}

var shared struct {
	sync.Mutex
	*server
	err error
}

// thePostgres starts the server when it is first asked for.
func thePostgres(t testing.TB) *server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = newServer()
	}
	if shared.err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(shared.err)
		}
		t.Skip(shared.err)
	}
	return shared.server
}

func stopPostgres() error {
	if shared.server == nil {
		return nil
	}
	defer os.RemoveAll(shared.dir)
	return shared.kill(syscall.SIGINT)
}

func newServer() (_ *server, err error) {
	s := &server{}
	if s.bin, err = findPostgres(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "pg"); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		s.cred = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(s.dir, uid, gid); err != nil {
			return nil, err
		}
	}
	initdb := s.command("initdb", "-D", filepath.Join(s.dir, "data"), "-U", "tracker", "-A", "trust", "-E", "UTF8", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	return s, s.start()
}

func findPostgres() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/postgres", "/usr/pgsql-*/bin/postgres", "/opt/homebrew/opt/postgresql*/bin/postgres"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return filepath.Dir(found[len(found)-1]), nil
		}
	}
	return "", errors.New("PostgreSQL is not installed")
}

func (s *server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.cred}
	return cmd
}

func (s *server) start() error {
	s.cmd = s.command("postgres", "-D", filepath.Join(s.dir, "data"), "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=50")
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.done = make(chan error, 1)
	go func() { s.done <- s.cmd.Wait() }()
	deadline := time.Now().Add(patience)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), patience/4)
		conn, err := pgx.Connect(ctx, s.url(""))
		cancel()
		if err == nil {
			return conn.Close(context.Background())
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("PostgreSQL does not answer: %w: %s", err, s.log.String())
		}
		select {
		case err := <-s.done:
			return fmt.Errorf("PostgreSQL ended: %w: %s", err, s.log.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// kill ends the server and waits for it.
func (s *server) kill(sig syscall.Signal) error {
	if err := s.cmd.Process.Signal(sig); err != nil {
		return err
	}
	select {
	case <-s.done:
		return nil
	case <-time.After(patience):
		return errors.New("PostgreSQL does not end")
	}
}

func (s *server) url(schema string) string {
	return fmt.Sprintf("postgres://tracker@/postgres?host=%s&search_path=%s", s.dir, schema)
}

// newStore returns the URL of a schema of its own.
func (s *server) newStore(t testing.TB) string {
	t.Helper()
	schema := fmt.Sprintf("store%d", schemas.Add(1))
	s.exec(t, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { s.exec(t, "DROP SCHEMA "+schema+" CASCADE") })
	return s.url(schema)
}

func (s *server) exec(t testing.TB, query string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), s.url(""))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), query); err != nil {
		t.Fatal(err)
	}
}
