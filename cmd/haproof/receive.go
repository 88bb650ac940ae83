package main

import (
	"errors"
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"github.com/haproof/haproof/harness/receiver"
)

func (a *app) receive() *cobra.Command {
	var listen string
	var keep int
	cmd := &cobra.Command{
		Use:   "receive [flags]",
		Short: "Be a small server that measures whoever loads it",
		Long: `receive answers HTTP/1.1 until it is interrupted. It stamps every request (on Linux
with the time at which the kernel took it in), so that what a load generator says of
its own timing can be held against what arrived, and keeps a receipt of each that bears
the header X-Haproof-Seq.

The query string says what to answer: /?size=1000&status=404&delay=20ms&chunked=1&close=1,
and also rate=5000 (bytes per second), interim=3 (answers of status 103 before it),
trailer=1 and reset=100 (the connection is reset after so many bytes).

  /totals    how many requests arrived, as JSON
  /receipts  the ids that arrived, as lines "first last"
  /arrivals  lines "id nanoseconds", the last million arrivals, since 1970
  /forget    drops all of them

?from=10&to=20 bounds the ids of the second and the third. It listens on the loopback
unless it is told otherwise; whoever reaches it can make it send a lot.
` + exitCodes,
		Example: "  haproof receive --listen 127.0.0.1:8089\n  wrk -c 50 -d 5s 'http://127.0.0.1:8089/?size=1000'",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if keep < 1 {
				return fmt.Errorf("--keep %d: want 1 or more", keep)
			}
			l, err := net.Listen("tcp", listen)
			if err != nil {
				return err
			}
			return a.serve(l, keep)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8089", "address to listen on; port 0 takes any that is free")
	cmd.Flags().IntVar(&keep, "keep", receiver.DefaultReceipts, "ids that may have receipts: those below this number, 1 bit each")
	return cmd
}

// serve is over at the first interrupt, which is how it is meant to end.
func (a *app) serve(l net.Listener, keep int) error {
	soft, _, stop := interrupts(a.log.Logger)
	defer stop()
	if _, err := fmt.Fprintf(a.stdout, "http://%s\n", l.Addr()); err != nil {
		return errors.Join(err, l.Close())
	}
	s := receiver.New(l, keep)
	err := s.Serve(soft)
	t := s.Totals()
	a.log.Info("received", "requests", t.Arrived, "without a sequence id", t.Strange, "repeated", t.Repeated, "beyond --keep", t.Dropped)
	return err
}
