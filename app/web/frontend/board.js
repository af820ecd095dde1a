// The second bundle, for pages with a board alone: dragging by mouse and touch.
import Sortable from "sortablejs";

window.Sortable = Sortable;
