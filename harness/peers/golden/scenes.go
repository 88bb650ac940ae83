package main

import (
	"context"
	"fmt"
	"syscall"
)

// scene is something that HAProxy is made to say.
type scene struct {
	name   string
	about  string
	config string
	tables []string // to show at the end
	called called
	play   func(ctx context.Context, st *stage) error
}

var scenes = []scene{
	{name: "quota", about: "live updates of one table, resyncs with nothing and with all of it, heartbeats",
		config: quotaConfig, tables: []string{"tracker/quota"}, play: playQuota},
	{name: "types", about: "all key types, all data types, arrays, dictionary entries, several tables in turn, the largest numbers",
		config: typesConfig, play: playTypes,
		tables: []string{"tracker/everything", "tracker/integers", "tracker/addresses", "tracker/addresses6", "tracker/binaries",
			"tracker/arrays", "tracker/sticky", "tracker/sessions"}},
	{name: "reload", about: "a reload between two halves: connection 1 is the old worker, connection 2 the new one",
		config: quotaConfig, tables: []string{"tracker/quota"}, play: playReload},
	{name: "servers", about: "more servers than a dictionary has numbers, so that numbers are used again",
		config: serversConfig, tables: []string{"tracker/sticky"}, play: playServers},
	{name: "called", about: "as quota, but HAProxy is called: its stream begins with the status of our greeting",
		config: quotaConfig, tables: []string{"tracker/quota"}, called: recorderCalls, play: playFew},
	{name: "version20", about: "as called, with version 2.0: lessons come as ordinary updates",
		config: quotaConfig, tables: []string{"tracker/quota"}, called: recorderCallsIn20, play: playFew},
}

const globalConfig = `global
    stats socket $SOCKET mode 600 level admin
    stats timeout 30s
    set-var proc.gen str(1763683530123)

defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s

peers tracker
    bind $LOCAL
    server hap1
    server tracker $TRACKER
`

const quotaConfig = globalConfig + `    table quota type string len 64 size 1k store gpc0

frontend front
    bind $FRONT
    http-request track-sc0 hdr(customer),concat("|",proc.gen) table tracker/quota
    http-request sc-inc-gpc0(0)
    http-request return status 200
`

const typesConfig = globalConfig + `    table everything type string len 32 size 1k expire 1h store gpt0,gpc0,gpc0_rate(1h),conn_cnt,conn_rate(1h),conn_cur,sess_cnt,sess_rate(1h),http_req_cnt,http_req_rate(1h),http_err_cnt,http_err_rate(1h),bytes_in_cnt,bytes_in_rate(1h),bytes_out_cnt,bytes_out_rate(1h),gpc1,gpc1_rate(1h),http_fail_cnt,http_fail_rate(1h)$EXTRA
    table integers type integer size 1k store gpc0
    table addresses type ip size 1k expire 10m store gpc0,http_req_rate(1h)
    table addresses6 type ipv6 size 1k store gpc0
    table binaries type binary len 20 size 1k store gpc0
    table arrays type string len 16 size 1k store gpt(3),gpc(4),gpc_rate(2,1h)
    table sticky type string len 16 size 1k store gpc0
    table sessions type ip size 1k store conn_cur,sess_cnt,sess_rate(1h),http_fail_cnt,http_fail_rate(1h)

frontend front
    bind $FRONT
    tcp-request session track-sc1 src table tracker/sessions
    http-request track-sc0 hdr(key) table tracker/everything if { path /everything }
    http-request track-sc0 hdr(key) table tracker/integers if { path /integers }
    http-request track-sc0 req.hdr_ip(key) table tracker/addresses if { path /addresses }
    http-request track-sc0 req.hdr_ip(key) table tracker/addresses6 if { path /addresses6 }
    http-request track-sc0 hdr(key),sha1 table tracker/binaries if { path /binaries }
    http-request track-sc0 hdr(key) table tracker/arrays if { path /arrays }
    http-request sc-inc-gpc0(0) unless { path /arrays }
    http-request sc-inc-gpc1(0) if { path /everything }
    http-request sc-set-gpt0(0) 4294967295 if { path /everything }
    http-request sc-inc-gpc(0,0) if { path /arrays }
    http-request sc-inc-gpc(1,0) if { path /arrays }
    http-request sc-inc-gpc(1,0) if { path /arrays }
    http-request sc-set-gpt(2,0) 300 if { path /arrays }
    http-request deny if { path /everything } { hdr(deny) yes }
    use_backend origin if { path /sticky }
    http-request return status 200 unless { path /sticky }

backend origin
    balance roundrobin
    stick on hdr(key) table tracker/sticky
    server first $ORIGIN
    server second $ORIGIN
    server third $ORIGIN
`

const serversConfig = globalConfig + `    table sticky type string len 16 size 1k store gpc0

frontend front
    bind $FRONT
    default_backend origin

backend origin
    balance roundrobin
    stick on hdr(key) table tracker/sticky
    server-template server 1-150 $ORIGIN
`

// customers counts each of so many customers as often as its number says.
func customers(ctx context.Context, st *stage, from, to int) error {
	for c := from; c <= to; c++ {
		for range c {
			if err := st.attempt(ctx, "/", "customer", fmt.Sprintf("c%04d", c)); err != nil {
				return err
			}
		}
	}
	return nil
}

func playQuota(ctx context.Context, st *stage) error {
	if err := customers(ctx, st, 1, 15); err != nil {
		return err
	}
	for range 260 { // past the end of one-byte integers
		if err := st.attempt(ctx, "/", "customer", "c0001"); err != nil {
			return err
		}
	}
	return st.peer.settle(ctx, 1)
}

func playTypes(ctx context.Context, st *stage) error {
	keys := map[string][]string{
		"/everything": {"a", "b", "c"},
		"/integers":   {"0", "1", "4294967295", "70000"},
		"/addresses":  {"192.0.2.1", "198.51.100.255"},
		"/addresses6": {"2001:db8::1", "::1", "192.0.2.7"},
		"/binaries":   {"x", "y"},
		"/arrays":     {"p", "q"},
		"/sticky":     {"s1", "s2", "s3", "s4", "s5"},
	}
	for round := range 3 {
		for _, path := range []string{"/everything", "/integers", "/addresses", "/addresses6", "/binaries", "/arrays", "/sticky"} {
			for i, key := range keys[path] {
				deny := "no"
				if round == 1 && i == 1 {
					deny = "yes"
				}
				if err := st.attempt(ctx, path, "key", key, "deny", deny); err != nil {
					return err
				}
			}
		}
	}
	for _, words := range []string{
		"tracker/everything key largest data.gpt0 4294967295 data.gpc0 4294967295 data.gpc1 2147483648 data.conn_cnt 1 data.sess_cnt 240" +
			" data.http_req_cnt 239 data.http_err_cnt 2287 data.http_fail_cnt 2288 data.bytes_in_cnt 9223372036854775807 data.bytes_out_cnt 4294967296",
		"tracker/everything key rates data.gpc0_rate 264431 data.gpc1_rate 264432 data.sess_rate 33818863 data.http_fail_rate 33818864",
		"tracker/sticky key negative data.server_id -1",
	} {
		if err := st.set(words); err != nil {
			return err
		}
	}
	return st.peer.settle(ctx, 1)
}

func playServers(ctx context.Context, st *stage) error {
	for range 2 { // the second time each sticks to its server
		for key := range 300 {
			if err := st.attempt(ctx, "/", "key", fmt.Sprintf("k%03d", key)); err != nil {
				return err
			}
		}
	}
	return st.peer.settle(ctx, 1)
}

func playFew(ctx context.Context, st *stage) error {
	if err := customers(ctx, st, 1, 10); err != nil {
		return err
	}
	return st.peer.settle(ctx, 1)
}

func playReload(ctx context.Context, st *stage) error {
	if err := customers(ctx, st, 1, 8); err != nil {
		return err
	}
	// Settled first: a master that has only just started may overlook the signal.
	if err := st.peer.settle(ctx, 1); err != nil {
		return err
	}
	if err := st.proxy.signal(syscall.SIGUSR2); err != nil {
		return err
	}
	if err := st.peer.await(ctx, 2, heardFinished); err != nil {
		return fmt.Errorf("new worker: %w", err)
	}
	if err := customers(ctx, st, 4, 12); err != nil {
		return err
	}
	return st.peer.settle(ctx, 2)
}
