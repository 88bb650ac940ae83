module github.com/haproof/haproof/harness/tracker/bench/rival

go 1.26

require github.com/dropmorepackets/haproxy-go v0.0.8
