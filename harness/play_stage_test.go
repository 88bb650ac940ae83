package harness_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/haproof/haproof/harness"
	"github.com/haproof/haproof/harness/harnesstest"
)

// stage hands out labs in memory and notes what becomes of them. Its hooks may
// be nil.
type stage struct {
	starting func(n int) error // may refuse the n-th lab, 1 first
	closing  func(n int) error // what closing the n-th lab says
	driving  func(ctx context.Context, sent uint64)

	mu    sync.Mutex
	sites map[string]*harnesstest.Site // by the node of their endpoint
	open  int
	most  int // labs open at a time
	log   []string
}

// stagedLab is one lab of a stage.
type stagedLab struct {
	*harnesstest.Site
	stage *stage
	n     int
}

var _ harness.Lab = stagedLab{}

func (s *stage) start(_ context.Context, sc harness.Scenario) (harness.Lab, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.sites) + 1
	if s.starting != nil {
		if err := s.starting(n); err != nil {
			return nil, err
		}
	}
	if s.sites == nil {
		s.sites = map[string]*harnesstest.Site{}
	}
	lab := stagedLab{harnesstest.NewSite(harnesstest.HonestTracker), s, n}
	s.sites[lab.node()] = lab.Site
	s.open++
	s.most = max(s.most, s.open)
	s.log = append(s.log, "start "+lab.node()+" "+sc.Name)
	return lab, nil
}

func (l stagedLab) node() string { return fmt.Sprintf("lab%d", l.n) }

func (l stagedLab) Endpoints(harness.Route) []harness.Endpoint {
	return []harness.Endpoint{{Node: l.node()}}
}

// Settle is as impatient as a real lab.
func (l stagedLab) Settle(ctx context.Context) (harness.Settlement, error) {
	return harness.Settlement{Settled: ctx.Err() == nil}, ctx.Err()
}

func (l stagedLab) Close() error {
	l.stage.mu.Lock()
	defer l.stage.mu.Unlock()
	l.stage.open--
	l.stage.log = append(l.stage.log, "close "+l.node())
	if l.stage.closing == nil {
		return nil
	}
	return l.stage.closing(l.n)
}

// Drive sends the scripted attempts to the lab that the endpoint belongs to.
func (s *stage) Drive(ctx context.Context, w harness.Workload, to []harness.Endpoint, report func(harness.Attempt)) (harness.Driven, error) {
	s.mu.Lock()
	d := &harnesstest.Driver{Site: s.sites[to[0].Node]}
	s.mu.Unlock()
	if w.Search != nil {
		w.Requests, w.Rate = 50, 500
	}
	return d.Drive(ctx, w, to, func(a harness.Attempt) {
		report(a)
		if s.driving != nil {
			s.driving(ctx, a.Seq+1)
		}
	})
}

func (s *stage) Name() string { return "staged" }

// plan plays cells of the scripted scenario on the stage.
func (s *stage) plan(t *testing.T, trials int, cells ...string) harness.Plan {
	t.Helper()
	sc := harnesstest.Scenario(100)
	sc.Trials, sc.Axes = trials, []harness.Axis{{Path: "cell", Values: cells}}
	p := harness.Plan{
		ID: "run-1", Scenario: sc, Start: s.start, Out: t.TempDir(), Soft: t.Context(),
		Driver: func(string) (harness.Driver, error) { return s, nil },
	}
	for _, name := range cells {
		one := sc
		one.Name = name
		p.Cells = append(p.Cells, harness.Cell{Name: name, Scenario: one})
	}
	return p
}

// played lists the trials of a run as "cell/trial".
func played(run *harness.Run) []string {
	var list []string
	for _, rec := range run.Records {
		list = append(list, fmt.Sprintf("%s/%d", rec.Cell.Name, rec.Trial))
	}
	return list
}

// refuseLab returns a hook that refuses the n-th lab.
func refuseLab(n int, err error) func(int) error {
	return func(k int) error {
		if k == n {
			return err
		}
		return nil
	}
}

// after returns a hook that stops the run after n attempts and goes on when the
// driver has been told.
func after(n uint64, stop func()) func(context.Context, uint64) {
	return func(ctx context.Context, sent uint64) {
		if sent == n {
			stop()
			<-ctx.Done()
		}
	}
}

var errNoRoom = errors.New("no room")
