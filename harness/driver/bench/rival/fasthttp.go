package main

import (
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// closedFasthttp keeps a goroutine for each connection. It takes the time of each
// request, as all others do.
func closedFasthttp(target string, connections int, length time.Duration) error {
	u, err := url.Parse(target)
	if err != nil {
		return err
	}
	client := &fasthttp.HostClient{Addr: u.Host, MaxConns: connections}
	until := time.Now().Add(length)
	longest := make([]time.Duration, connections)
	errs := make([]error, connections)
	var all sync.WaitGroup
	for i := range connections {
		all.Go(func() {
			request, answer := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			request.SetRequestURI(target)
			for now := time.Now(); now.Before(until); {
				if errs[i] = client.Do(request, answer); errs[i] != nil {
					return
				}
				if answer.StatusCode() != fasthttp.StatusOK {
					errs[i] = fmt.Errorf("status %d", answer.StatusCode())
					return
				}
				after := time.Now()
				longest[i] = max(longest[i], after.Sub(now))
				now = after
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
