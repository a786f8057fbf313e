"use strict";
// The head cells of a sortable table become buttons. Without this script it is a plain table.
(function () {
  function figure(text) {
    var found = text.replace(/,/g, "").match(/[-+]?\d+(\.\d+)?/);
    return found ? parseFloat(found[0]) : Infinity;
  }
  function order(table, column, numeric, down) {
    var body = table.tBodies[0], sign = down ? -1 : 1;
    var rows = Array.prototype.map.call(body.rows, function (row) {
      var text = row.cells[column].textContent.trim();
      return { row: row, key: numeric ? figure(text) : text.toLowerCase() };
    });
    rows.sort(function (a, b) {
      if (a.key === b.key) return 0;
      if (a.key === Infinity || b.key === Infinity) return a.key === Infinity ? 1 : -1;
      return (a.key < b.key ? -1 : 1) * sign;
    });
    rows.forEach(function (item) { body.appendChild(item.row); });
  }
  document.querySelectorAll("table[data-sortable]").forEach(function (table) {
    var heads = table.tHead.rows[0].cells;
    Array.prototype.forEach.call(heads, function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending";
        Array.prototype.forEach.call(heads, function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        order(table, column, head.classList.contains("n") || /^\d+$/.test(table.tBodies[0].rows[0].cells[column].textContent), down);
      });
    });
  });
})();
