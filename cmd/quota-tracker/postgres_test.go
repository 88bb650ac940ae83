package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// postgres is a server of the tests' own, on a unix socket.
type postgres struct {
	dir     string
	psql    string                                      // client
	command func(name string, args ...string) *exec.Cmd // of the server
	cmd     *exec.Cmd
	log     bytes.Buffer
	done    chan error
	schemas int
}

var shared struct {
	sync.Mutex
	server *postgres
	err    error
}

// postgresStore returns the URL of a schema of its own.
func postgresStore(t *testing.T) string {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = startPostgres(t)
	}
	if shared.err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(shared.err)
		}
		t.Skip(shared.err)
	}
	s := shared.server
	s.schemas++
	schema := fmt.Sprintf("store%d", s.schemas)
	if err := s.execute("CREATE SCHEMA " + schema); err != nil {
		t.Fatal(err)
	}
	return s.url(schema)
}

func startPostgres(t *testing.T) (*postgres, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if path, err := exec.LookPath("postgres"); err == nil && len(found) == 0 {
		found = append(found, path)
	}
	if len(found) == 0 {
		return nil, errors.New("PostgreSQL is not installed")
	}
	bin := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, err
	}
	s := &postgres{dir: dir, psql: filepath.Join(bin, "psql")}
	cred, err := owner(dir)
	if err != nil {
		return nil, err
	}
	s.command = func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), append([]string{"-D", filepath.Join(dir, "data")}, args...)...)
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
		return cmd
	}
	if out, err := s.command("initdb", "-U", "tracker", "-A", "trust", "-E", "UTF8", "--no-sync").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if err := s.start(); err != nil {
		return nil, err
	}
	shared.server = s // from now on it must be stopped, whatever happens
	await(t, "PostgreSQL answers", func() error { return s.execute("SELECT 1") })
	return s, nil
}

func (s *postgres) start() error {
	s.cmd = s.command("postgres", "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=50")
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func(cmd *exec.Cmd) { done <- cmd.Wait() }(s.cmd)
	s.done = done
	return nil
}

// stop ends the server: SIGINT gracefully, SIGQUIT as a crash would.
func (s *postgres) stop(how syscall.Signal) error {
	if err := s.cmd.Process.Signal(how); err != nil {
		return err
	}
	select {
	case <-s.done:
		return nil
	case <-time.After(patience):
		return errors.New("PostgreSQL does not end")
	}
}

// owner gives the directory to somebody whom PostgreSQL accepts: it does not run for
// root.
func owner(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(u.Uid) // numbers, on all that have root
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid)
}

func (s *postgres) execute(query string) error {
	_, err := s.query(query)
	return err
}

// query returns what the server answers, without any frame.
func (s *postgres) query(query string) (string, error) {
	out, err := exec.Command(s.psql, "-X", "-q", "-A", "-t", "-h", s.dir, "-U", "tracker", "-d", "postgres", "-c", query).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("psql: %w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// url is that of a schema. Its sessions bear its name.
func (s *postgres) url(schema string) string {
	return fmt.Sprintf("postgres://tracker@/postgres?host=%s&search_path=%s&application_name=%[2]s", s.dir, schema)
}

// stopPostgres ends the server, if there is one.
func stopPostgres() error {
	s := shared.server
	if s == nil {
		return nil
	}
	defer os.RemoveAll(s.dir)
	return s.stop(syscall.SIGINT)
}
