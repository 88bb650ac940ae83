package receiver

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// State is what /totals tells.
type State struct {
	Began int64 `json:"beganUnixNs"` // when the receiver began
	Totals
	Kept uint64 `json:"kept"` // arrivals that /arrivals still has
}

// teller answers a path that is about the receiver itself.
type teller func(c *conn) error

// tellerOf returns who answers the request, nil for an answer that is asked for.
// Requests for tellers are not counted.
func (s *Server) tellerOf(r *request) teller {
	if len(r.path) < 2 { // as of nearly all
		return nil
	}
	var tell func(query url.Values, out []byte) ([]byte, error)
	switch string(r.path) {
	case "/totals":
		tell = s.tellTotals
	case "/receipts":
		tell = s.tellReceipts
	case "/arrivals":
		tell = s.tellArrivals
	case "/forget":
		tell = s.tellForget
	default:
		return nil
	}
	head, old, last := r.head, r.old, r.lastOne()
	query := string(r.query)
	return func(c *conn) error {
		status := http.StatusOK
		values, err := url.ParseQuery(query)
		var text []byte
		if err == nil {
			text, err = tell(values, nil)
		}
		if err != nil {
			status, text = http.StatusBadRequest, []byte(err.Error()+"\n")
		}
		c.out = appendLine(c.out[:0], status)
		if old && !last {
			c.out = append(c.out, "Connection: keep-alive\r\n"...)
		}
		c.out = append(appendLength(c.out, int64(len(text))), "\r\n"...)
		if err := c.write(c.out); err != nil || head {
			return err
		}
		return c.write(text)
	}
}

func (s *Server) tellTotals(_ url.Values, out []byte) ([]byte, error) {
	kept, _ := s.book.kept()
	text, err := json.Marshal(State{Began: s.began.UnixNano(), Totals: s.Totals(), Kept: uint64(len(kept))})
	return append(append(out, text...), '\n'), err
}

// tellReceipts lists stretches of ids: the first and the last of each.
func (s *Server) tellReceipts(query url.Values, out []byte) ([]byte, error) {
	from, to, err := idsOf(query)
	if err != nil {
		return out, err
	}
	for span := range s.Receipts(from, to) {
		out = append(strconv.AppendUint(out, span.First, 10), ' ')
		out = append(strconv.AppendUint(out, span.Last, 10), '\n')
	}
	return out, nil
}

// tellArrivals lists sequence ids and times, in the order of arrival.
func (s *Server) tellArrivals(query url.Values, out []byte) ([]byte, error) {
	from, to, err := idsOf(query)
	if err != nil {
		return out, err
	}
	for _, a := range s.Arrivals() {
		if from <= a.Seq && a.Seq <= to {
			out = append(strconv.AppendUint(out, a.Seq, 10), ' ')
			out = append(strconv.AppendInt(out, a.At, 10), '\n')
		}
	}
	return out, nil
}

func (s *Server) tellForget(_ url.Values, out []byte) ([]byte, error) {
	s.book.forget()
	return out, nil
}

// idsOf returns the range of ids that a query asks for, by default all.
func idsOf(query url.Values) (from, to uint64, err error) {
	to = 1<<64 - 1
	if text := query.Get("from"); text != "" {
		from, err = strconv.ParseUint(text, 10, 64)
	}
	if text := query.Get("to"); text != "" && err == nil {
		to, err = strconv.ParseUint(text, 10, 64)
	}
	return from, to, err
}
