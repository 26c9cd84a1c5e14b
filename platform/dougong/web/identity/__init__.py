"""Who somebody is: passwords and what guards them, second steps, passkeys, single sign-on, forgotten passwords."""
