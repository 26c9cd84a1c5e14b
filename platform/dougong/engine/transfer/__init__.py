"""Records in and out as files: CSV and XLSX, mapped, checked, undone."""
