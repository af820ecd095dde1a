"""The papers of a deal as PDF: what stands on them, in the customer's language, and how they are signed."""
