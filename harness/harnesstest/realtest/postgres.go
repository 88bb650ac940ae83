package realtest

import (
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

// Postgres is a server of the tests' own, on a unix socket.
type Postgres struct {
	dir     string
	bin     string
	cred    *syscall.Credential // nil: who runs the tests
	cmd     *exec.Cmd
	done    chan struct{} // closed when it has ended
	end     error         // how, valid then
	schemas int
}

var shared struct {
	sync.Mutex
	server *Postgres
	err    error
}

// ThePostgres returns the server of this test program, and starts it when it is first
// asked for. Run ends it. Without PostgreSQL the test is skipped, but in CI it fails.
func ThePostgres(t testing.TB) *Postgres {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = newPostgres()
	}
	if shared.err != nil {
		Missing(t, shared.err)
	}
	return shared.server
}

func stopPostgres() error {
	if shared.server == nil {
		return nil
	}
	defer os.RemoveAll(shared.server.dir)
	return shared.server.Stop(syscall.SIGINT)
}

func newPostgres() (_ *Postgres, err error) {
	s := &Postgres{}
	if s.bin, err = findPostgres(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "pg"); err != nil {
		return nil, err
	}
	if s.cred, err = ownerOf(s.dir); err == nil {
		err = s.initialise()
	}
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	return s, nil
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

// ownerOf gives the directory to somebody whom PostgreSQL accepts: it does not run for
// root.
func ownerOf(dir string) (*syscall.Credential, error) {
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

func (s *Postgres) initialise() error {
	out, err := s.command("initdb", "-U", "tracker", "-A", "trust", "-E", "UTF8", "--no-sync").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

func (s *Postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), append([]string{"-D", filepath.Join(s.dir, "data")}, args...)...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.cred}
	return cmd
}

// Start starts the server, which must have ended, and returns when it answers.
func (s *Postgres) Start() error {
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close() // the server has its own
	cmd := s.command("postgres", "-k", s.dir, "-c", "listen_addresses=", "-c", "max_connections=50")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	s.cmd, s.done = cmd, done
	go func() {
		defer close(done)
		s.end = cmd.Wait()
	}()
	deadline := time.After(Patience)
	for {
		_, err := s.Query("SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-done:
			return fmt.Errorf("PostgreSQL ended: %w: %s", s.end, s.said())
		case <-deadline:
			return errors.Join(fmt.Errorf("PostgreSQL does not answer: %w: %s", err, s.said()), s.Stop(syscall.SIGKILL))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Postgres) said() []byte {
	log, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return []byte(err.Error())
	}
	return log
}

// Stop ends the server and waits for it: SIGINT gracefully, SIGQUIT as a crash would.
func (s *Postgres) Stop(how syscall.Signal) error {
	if err := s.cmd.Process.Signal(how); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.done:
		return nil
	case <-time.After(Patience):
		return errors.New("PostgreSQL does not end")
	}
}

// URL is that of a schema, or of the server if that is empty. Sessions of a schema bear
// its name as application_name.
func (s *Postgres) URL(schema string) string {
	return fmt.Sprintf("postgres://tracker@/postgres?host=%s&search_path=%s&application_name=%[2]s", s.dir, schema)
}

// NewSchema returns the URL of a schema that lasts as long as the test.
func (s *Postgres) NewSchema(t testing.TB) string {
	t.Helper()
	shared.Lock()
	s.schemas++
	schema := fmt.Sprintf("store%d", s.schemas)
	shared.Unlock()
	s.Exec(t, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { s.Exec(t, "DROP SCHEMA "+schema+" CASCADE") })
	return s.URL(schema)
}

// Exec runs one statement, or fails the test.
func (s *Postgres) Exec(t testing.TB, statement string) {
	t.Helper()
	if _, err := s.Query(statement); err != nil {
		t.Fatal(err)
	}
}

// Query returns the first value that the server answers, as text; none is empty.
func (s *Postgres) Query(query string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience/4)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL(""))
	if err != nil {
		return "", err
	}
	results, err := conn.PgConn().Exec(ctx, query).ReadAll()
	if err = errors.Join(err, conn.Close(ctx)); err != nil {
		return "", err
	}
	if len(results) == 0 || len(results[0].Rows) == 0 {
		return "", nil
	}
	return string(results[0].Rows[0][0]), nil
}
