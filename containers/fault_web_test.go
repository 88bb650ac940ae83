package containers

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haproof/haproof/harness"
)

func TestWebFaultsInProcesses(t *testing.T) { testWebFaults(t, engineLocal) }

func TestWebFaultsInContainers(t *testing.T) {
	needDocker(t)
	testWebFaults(t, engineDocker)
}

// testWebFaults plays the faults of web nodes. What a client gets meanwhile is counted
// by everybody all the same.
func testWebFaults(t *testing.T, engineName string) {
	l := startDisturbed(t, engineName, nil, webFaults)
	for _, row := range []struct {
		fault harness.Fault
		want  func(answer, time.Duration, error) error
	}{
		{harness.Fault{Do: harness.FaultSlow, Delay: 250 * time.Millisecond}, func(a answer, took time.Duration, err error) error {
			if err != nil || a.Status != 200 || took < 250*time.Millisecond {
				return errors.Join(err, fmt.Errorf("%+v after %v", a, took))
			}
			return nil
		}},
		{harness.Fault{Do: harness.FaultError}, func(a answer, _ time.Duration, err error) error {
			if diff := cmp.Diff(answer{Status: 500, Size: 10, PHP: true}, a); err != nil || diff != "" {
				return errors.Join(err, fmt.Errorf("(-want +got):\n%s", diff))
			}
			return nil
		}},
		{harness.Fault{Do: harness.FaultBreak}, func(a answer, _ time.Duration, err error) error {
			if a.Status != 200 || !errors.Is(err, io.ErrUnexpectedEOF) {
				return errors.Join(err, fmt.Errorf("%+v", a))
			}
			return nil
		}},
	} {
		t.Run(row.fault.Do, func(t *testing.T) {
			row.fault.Node = "backend1"
			l.during(t, row.fault, func() error {
				began := time.Now()
				a, err := l.page(t)
				return row.want(a, time.Since(began), err)
			})
			if _, err := os.Stat(filepath.Join(l.node("backend1").site.HostDir, webFaultFile)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the order is still there: %v", err)
			}
		})
	}
	l.play(t, harness.Fault{Do: harness.FaultError, Node: "backend1", For: 50 * time.Millisecond}) // ends by itself
	l.agree(t)
}

// page asks for one dynamic answer, whatever comes of it.
func (l *disturbed) page(t *testing.T) (answer, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Endpoints(harness.RouteProxy)[0].HTTP+"/?size=10", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "c0000.customers.test"
	l.pages++
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{Status: response.StatusCode, Size: len(body), PHP: response.Header.Get(harness.PHPHeader) != ""}, err
}
