package containers

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// labNetwork is the bridge network of one lab.
type labNetwork struct {
	id, name string
	subnet   netip.Prefix
	gateway  netip.Addr // the host's address on it
}

// subnetTries bounds how often a subnet may be lost to somebody else.
const subnetTries = 5

// createNetwork makes a network with a subnet of Docker's choice. Docker knows
// what is free, but accepts static addresses only in a subnet that was asked
// for: so the network is made twice, and again if another one took the subnet
// in between.
func (d *docker) createNetwork(ctx context.Context, name string, labels map[string]string) (labNetwork, error) {
	var lost error
	for range subnetTries {
		free, err := d.freeSubnet(ctx, name, labels)
		if err != nil {
			return labNetwork{}, err
		}
		made, err := d.networkWith(ctx, name, labels, &network.IPAM{Config: []network.IPAMConfig{free}})
		if err == nil {
			return labNetwork{id: made, name: name, subnet: free.Subnet, gateway: free.Gateway}, nil
		}
		if !strings.Contains(err.Error(), "overlap") {
			return labNetwork{}, err
		}
		lost = err
	}
	return labNetwork{}, fmt.Errorf("lost %d subnets to other networks: %w", subnetTries, lost)
}

// freeSubnet asks Docker for a subnet, by a network that it removes again.
func (d *docker) freeSubnet(ctx context.Context, name string, labels map[string]string) (network.IPAMConfig, error) {
	id, err := d.networkWith(ctx, name, labels, nil)
	if err != nil {
		return network.IPAMConfig{}, err
	}
	made, err := d.api.NetworkInspect(ctx, id, client.NetworkInspectOptions{})
	_, removeErr := d.api.NetworkRemove(ctx, id, client.NetworkRemoveOptions{})
	if err := errors.Join(err, removeErr); err != nil {
		return network.IPAMConfig{}, fmt.Errorf("find a free subnet: %w", err)
	}
	for _, config := range made.Network.IPAM.Config {
		if config.Subnet.Addr().Is4() && config.Gateway.IsValid() {
			return network.IPAMConfig{Subnet: config.Subnet, Gateway: config.Gateway}, nil
		}
	}
	return network.IPAMConfig{}, fmt.Errorf("network %s has no IPv4 subnet", name)
}

// networkWith makes an internal network: nothing in a lab can send load to, or
// be reached from, anywhere but this machine.
func (d *docker) networkWith(ctx context.Context, name string, labels map[string]string, ipam *network.IPAM) (string, error) {
	made, err := d.api.NetworkCreate(ctx, name, client.NetworkCreateOptions{
		Driver: "bridge", Internal: true, Labels: labels, IPAM: ipam,
	})
	if err != nil && strings.Contains(err.Error(), "address pool") {
		return "", &EnvironmentError{
			What: "Docker has no subnet left for another network", Err: err,
			Mend: "remove unused networks: docker network prune",
		}
	}
	if err != nil {
		return "", fmt.Errorf("create network: %w", err)
	}
	return made.ID, nil
}
