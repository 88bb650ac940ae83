//go:build amd64 || arm64

package driver

import (
	"runtime"
	"testing"
	"time"
)

func TestCollectorStopsAShardThatWaitsUntold(t *testing.T) {
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.close() }()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	over, waited := make(chan struct{}), make(chan int)
	go func() {
		runtime.LockOSThread()
		waits := 0
		for ; ; waits++ {
			select {
			case <-over:
				waited <- waits
				return
			default:
			}
			if _, err := p.wait(untoldWait); err != nil {
				t.Errorf("wait: %v", err)
			}
		}
	}()
	began := time.Now()
	for range 3 {
		runtime.GC() // hangs where nothing ends the wait
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("three collections took %v", took)
	}
	close(over)
	p.wake()
	<-waited
}
