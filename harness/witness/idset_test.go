package witness

import "testing"

func TestIDSetHasWhatWasAddedAndNothingElse(t *testing.T) {
	var s IDSet
	ids := []uint64{0, 63, 64, pageIDs - 1, pageIDs, 5*pageIDs + 7, MaxSeq - 1}
	for _, id := range ids {
		if s.Has(id) || !s.Add(id) || s.Add(id) || !s.Has(id) {
			t.Errorf("id %d", id)
		}
	}
	for _, id := range []uint64{1, 62, 65, pageIDs + 1, 5*pageIDs + 8, 3 * pageIDs, MaxSeq, 1 << 63} {
		if s.Has(id) {
			t.Errorf("has %d", id)
		}
	}
	if n := len(s.spans()); n != len(ids)-2 { // 63 64 and the ids at the page border touch
		t.Errorf("%d spans: %v", n, s.spans())
	}
}
