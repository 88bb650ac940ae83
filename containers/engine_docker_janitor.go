package containers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"
)

// cleanWithin bounds the janitor.
const cleanWithin = time.Minute

// cleanDocker removes containers, networks and directories of labs whose owner
// is dead, and names them. Where no daemon answers there is nothing to remove.
func cleanDocker(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, cleanWithin)
	defer cancel()
	docker, err := connectDocker(ctx)
	if err != nil {
		return nil, nil //nolint:nilerr // no daemon, nothing of ours in it
	}
	dirs, err := filepath.Glob(filepath.Join(Options{}.workDir(), "labs", "*"))
	if err != nil {
		return nil, fmt.Errorf("directories of labs: %w", err)
	}
	removed, err := docker.remove(ctx, labLabel, func(labels map[string]string) bool {
		if !orphaned(labels) {
			return false
		}
		dirs = append(dirs, labels[dirLabel])
		return true
	})
	if err != nil {
		return removed, err // directories stay while containers may use them
	}
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		if !dockerOrphan(dir) {
			continue
		}
		if err := removeLabFiles(dir); err != nil {
			return removed, err
		}
		removed = append(removed, "directory "+dir)
	}
	return removed, nil
}

// remove removes the containers, then the networks, that bear a label and that
// choose picks by their labels. It names what it removed.
func (d *docker) remove(ctx context.Context, label string, choose func(labels map[string]string) bool) ([]string, error) {
	filters := client.Filters{}.Add("label", label)
	containers, err := d.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filters})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	networks, err := d.api.NetworkList(ctx, client.NetworkListOptions{Filters: filters})
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	var group errgroup.Group
	var removed []string
	for _, c := range containers.Items {
		if choose(c.Labels) {
			group.Go(func() error { return d.discard(c.ID) })
			removed = append(removed, "container "+strings.TrimPrefix(strings.Join(c.Names, " "), "/"))
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var errs []error // a network that the daemon will not let go must not keep the others
	for _, n := range networks.Items {
		if !choose(n.Labels) {
			continue
		}
		if err := d.removeNetwork(ctx, n.ID); err != nil {
			errs = append(errs, fmt.Errorf("remove network %s: %w", n.Name, err))
			continue
		}
		removed = append(removed, "network "+n.Name)
	}
	return removed, errors.Join(errs...)
}

// removeNetwork is content if the network is gone already.
func (d *docker) removeNetwork(ctx context.Context, id string) error {
	_, err := d.api.NetworkRemove(ctx, id, client.NetworkRemoveOptions{})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return err
}

// orphaned says whether the labels are those of a lab of this place whose owner
// is dead. Of other places this process knows nothing.
func orphaned(labels map[string]string) bool {
	if labels[placeLabel] != place() {
		return false
	}
	o, err := parseOwner(labels[ownerLabel])
	return err == nil && !o.alive()
}

// dockerOrphan says whether a directory is that of such a lab.
func dockerOrphan(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	var f labFile
	return err == nil && json.Unmarshal(text, &f) == nil && f.Engine == engineDocker && !f.Owner.alive()
}

// belongToDocker rewrites lab.json at once, so that the janitor of processes
// leaves the directory to that of containers.
func (d *labDir) belongToDocker() error {
	text, err := json.Marshal(labFile{ID: d.id, Engine: engineDocker, Owner: ourselves()})
	draft := filepath.Join(d.path, "lab.json.new")
	if err == nil {
		err = os.WriteFile(draft, text, 0o600)
	}
	if err == nil {
		err = os.Rename(draft, filepath.Join(d.path, "lab.json"))
	}
	if err != nil {
		return fmt.Errorf("directory of the lab: %w", err)
	}
	return nil
}

// label writes the owner as pid:start time.
func (o owner) label() string { return strconv.Itoa(o.PID) + ":" + o.Start }

func parseOwner(label string) (owner, error) {
	pid, start, _ := strings.Cut(label, ":")
	number, err := strconv.Atoi(pid)
	if err != nil || number <= 0 || start == "" {
		return owner{}, errors.New("no owner")
	}
	return owner{PID: number, Start: start}, nil
}

// place names the machine and the set of process numbers that this process
// sees: a daemon may be shared with containers, whose numbers mean others.
func place() string {
	name, _ := os.Hostname() // without a name the numbers still tell
	numbers, _ := os.Readlink("/proc/self/ns/pid")
	return name + " " + numbers
}
