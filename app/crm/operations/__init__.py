"""What can be done in the CRM: customers, their contact points, activities, and the activity summaries."""
