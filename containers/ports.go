package containers

// ports are where the nodes of a lab listen, each on its own address. They are
// the same in every lab, and available to templates.
var ports = struct {
	HTTP, HTTPS, Runtime, Master, Stats, Peers, Status, TrackerPeers, TrackerAPI, TrackerDrain int
}{
	HTTP: 8080, HTTPS: 8443, Runtime: 9999, Master: 9998, Stats: 8404, Peers: 10000,
	Status: 8081, TrackerPeers: 20001, TrackerAPI: 8090, TrackerDrain: 5514,
}
