// Command rival counts a recorded session with another Go library for the peers
// protocol. It is a module of its own, so that the project does not depend on that.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/dropmorepackets/haproxy-go/peers"
	"github.com/dropmorepackets/haproxy-go/peers/sticktable"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "rival:", err)
		os.Exit(1)
	}
}

// run counts the session in the file that is named twice, first to get warm. It
// prints how many nanoseconds of a processor the second time took, and the sum of what it counted.
func run() error {
	if len(os.Args) != 2 {
		return errors.New("want the name of one file")
	}
	session, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(1)
	last := make(map[string]uint64)
	if _, err := count(session, last); err != nil {
		return err
	}
	took, err := count(session, last)
	if err != nil {
		return err
	}
	sum := uint64(0)
	for _, n := range last {
		sum += n
	}
	_, err = fmt.Println(took.Nanoseconds(), sum)
	return err
}

// count keeps the newest value of every key, which is the least that counting takes:
// one map, and the sum over it is the total.
func count(session []byte, last map[string]uint64) (time.Duration, error) {
	peer := peers.Peer{Handler: peers.HandlerFunc(func(_ context.Context, u *sticktable.EntryUpdate) {
		key := u.Key.(*sticktable.StringKey)
		value := u.Data[0].(*sticktable.UnsignedIntegerData)
		last[string(*key)] = uint64(*value)
	})}
	t := &tape{rest: session, over: make(chan struct{})}
	began := used()
	go func() { _ = peer.Serve(t) }() // it never returns; its last goroutine ends with the process
	<-t.over
	return used() - began, nil
}

// used is the time that this process has had a processor.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it cannot fail
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
