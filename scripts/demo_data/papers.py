"""Quotes, orders, contracts, payment plans, receipts and invoices of the deals."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from deals import Deal
from rows import Row, Rows, day, money

PLANS = (
    (("预付款", "Down payment", 30, 7), ("到货款", "On delivery", 60, 50), ("质保金", "Retention", 10, 300)),
    (("预付款", "Down payment", 50, 5), ("验收款", "On acceptance", 50, 60)),
    (("预付款", "Down payment", 30, 7), ("到货款", "On delivery", 40, 45), ("验收款", "On acceptance", 25, 90),
     ("质保金", "Retention", 5, 360)),
    (("全款", "In full", 100, 20),),
)  # fmt: skip
EFFECTIVE = "effective"


class Papers:
    """Makes the documents of one deal after another."""

    def __init__(self, rows: Rows, random: Random) -> None:
        self._rows, self._random = rows, random
        self._invoice, self._bank = 24410000, 880010

    def add(self, deal: Deal) -> None:
        """All documents that the deal has come to."""
        if not deal.lines or deal.offered is None:
            return
        quote = self._quotes(deal)
        if deal.stage != "won":
            return
        order = self._order(deal, quote) if self._random.random() < 0.85 else None
        self._contract(deal, quote, order)

    def _shared(self, deal: Deal) -> dict[str, str | None]:
        contact = deal.contact.ref if deal.contact else None
        return {
            "account": deal.customer.row.ref, "contact": contact, "opportunity": deal.row.ref,
            "currency": deal.customer.currency, "owner": deal.customer.owner,
        }  # fmt: skip

    # -- quotes -------------------------------------------------------------------------------------------
    def _quotes(self, deal: Deal) -> Row:
        at = min(deal.offered or -1, deal.end)
        redo = at + 3 < deal.end and self._random.random() < 0.18
        if redo:
            first = self._quote(deal, at, 1)
            english = deal.customer.english
            first.become(at + 1, EFFECTIVE)
            first.become(at + 3, "void", "Quantities have changed" if english else "数量有调整,重新报价")
        quote = self._quote(deal, at + 3 if redo else at, 2 if redo else 1)
        self._pass_on(deal, quote)
        return quote

    def _quote(self, deal: Deal, at: int, revision: int) -> Row:
        terms = self._random.choice(("instalments", "net_30", "prepaid", "milestones"))
        quote = self._rows.add(
            "quote", f"quo-{deal.row.key[4:]}-{revision}", at, **self._shared(deal), revision=revision,
            quote_date=day(at), valid_until=day(at + 30), payment_terms=terms,
        )  # fmt: skip
        self._copy_lines("quote", quote, deal)
        return quote

    def _pass_on(self, deal: Deal, quote: Row) -> None:
        if deal.stage not in ("won", "lost") and self._random.random() < 0.25:
            return
        quote.become(quote.created, EFFECTIVE)
        quote.change(quote.created, status="sent")
        if deal.stage == "won":
            quote.change(deal.end, status="accepted")
        elif deal.stage == "lost":
            quote.change(deal.end, status="rejected")
        elif quote.created + 30 < -1:
            quote.change(quote.created + 31, status="expired")

    def _copy_lines(self, kind: str, parent: Row, deal: Deal, delivered: bool = False) -> None:
        for number, line in enumerate(deal.lines, 1):
            values = {kind: parent.ref, **line.values()}
            if kind == "quote":
                values["unit_cost"] = money(line.unit_cost)
            made = self._rows.add(f"{kind}_line", f"{parent.key}-{number}", parent.created, **values)
            if delivered:
                made.change(min(parent.created + 40, -1), delivered_quantity=str(line.quantity))

    # -- orders -------------------------------------------------------------------------------------------
    def _order(self, deal: Deal, quote: Row) -> Row:
        at = min(deal.end + 2, -1)
        due = at + self._random.randrange(25, 45)
        order = self._rows.add(
            "order", f"ord-{deal.row.key[4:]}", at, **self._shared(deal), quote=quote.ref, order_date=day(at),
            delivery_date=day(due), payment_terms=quote.values["payment_terms"],
            ship_address=deal.customer.row.values.get("address"),
            receiver=deal.contact.values["name"] if deal.contact else deal.customer.row.values["name"],
        )  # fmt: skip
        done = at + 40 < -1
        self._copy_lines("order", order, deal, delivered=done)
        order.become(at, EFFECTIVE)
        if at + 25 < -1:
            order.change(at + 25, delivery_status="partial")
        if done:
            order.change(at + 40, delivery_status="received")
        return order

    # -- contracts and money ------------------------------------------------------------------------------
    def _contract(self, deal: Deal, quote: Row, order: Row | None) -> None:
        at = min(deal.end + 3, -1)
        title = f"{deal.row.values['name']} {'contract' if deal.customer.english else '合同'}"
        contract = self._rows.add(
            "contract", f"ctr-{deal.row.key[4:]}", at, **self._shared(deal), quote=quote.ref, name=title,
            order=order.ref if order else None, amount=money(deal.total), payment_terms="instalments",
            our_signatory="@user-zhou", their_signatory=deal.contact.values["name"] if deal.contact else None,
        )  # fmt: skip
        signed = min(at + 4, -1)
        contract.become(signed, EFFECTIVE)
        contract.change(signed, status="running", signed_on=day(signed), start_on=day(signed), end_on=day(signed + 365))
        paid = self._instalments(deal, contract, signed)
        # Exchange differences keep contracts in foreign currency open until somebody settles them.
        if paid is not None and paid + 5 < -1 and deal.customer.currency is None:
            contract.change(paid + 5, status="completed")

    def _instalments(self, deal: Deal, contract: Row, signed: int) -> int | None:
        """Plan and receipts; the day of the last payment once all has been paid."""
        plan = self._random.choice(PLANS)
        left, last, open_ = deal.total, signed, False
        for number, (chinese, english, share, after) in enumerate(plan, 1):
            amount = left if number == len(plan) else Decimal(money(deal.total * share / 100))
            left -= amount
            due = signed + after
            step = self._rows.add(
                "payment_plan", f"{contract.key}-{number}", contract.created, contract=contract.ref,
                name=english if deal.customer.english else chinese, due_on=day(due), amount=money(amount),
                method="transfer", owner=deal.customer.owner,
            )  # fmt: skip
            received = self._pay(deal, contract, step, amount, due)
            open_ = open_ or received is None
            last = max(last, received or last)
        return None if open_ else last

    def _pay(self, deal: Deal, contract: Row, step: Row, amount: Decimal, due: int) -> int | None:
        """A receipt and its invoice where the money has come; the day on which the instalment was settled."""
        at = max(due + self._random.randrange(-2, 16), contract.created + 1)
        luck = self._random.random()
        if at > -1 or luck < 0.1:
            self._chase(deal, step, due)
            return None
        part = amount if luck > 0.2 else Decimal(money(amount * Decimal("0.6")))
        self._bank += 13
        receipt = self._rows.add(
            "receipt", step.key.replace("ctr", "rec"), at, account=contract.values["account"], contract=contract.ref,
            payment_plan=step.ref, received_on=day(at), amount=money(part), currency=deal.customer.currency,
            method=self._random.choice(("transfer", "transfer", "transfer", "acceptance")),
            bank_reference=f"TX{self._bank}", owner=deal.customer.owner,
        )  # fmt: skip
        receipt.become(at, EFFECTIVE)
        if self._random.random() < 0.85:
            self._bill(deal, contract, step, part, min(max(at - 5, contract.created + 5), at))
        return at if part == amount else None

    def _chase(self, deal: Deal, step: Row, due: int) -> None:
        """A task to ask for money that is late or nearly due."""
        if due > 20:
            return
        english = deal.customer.english
        name = deal.row.values["name"]
        part = step.values["name"]
        self._rows.add(
            "task", f"due-{step.key}", max(step.created, -15), related_to=step.ref, owner=deal.customer.owner,
            subject=f"Ask for payment: {name}, {part.lower()}" if english else f"催收{name}{part}",
            due=day(max(due, -4)), priority="high" if due < 0 else "normal",
        )  # fmt: skip

    def _bill(self, deal: Deal, contract: Row, step: Row, amount: Decimal, at: int) -> None:
        self._invoice += 37
        english = deal.customer.english
        account = deal.customer.row.values
        invoice = self._rows.add(
            "invoice", step.key.replace("ctr", "inv"), at, account=contract.values["account"], contract=contract.ref,
            kind="commercial" if english else "vat_ordinary" if deal.customer.person else "vat_special",
            invoice_no=f"{self._invoice}", issued_on=day(at), invoice_title=account["name"],
            tax_no=account.get("credit_code"), amount=money(amount), tax_rate="0" if english else "0.13",
            currency=deal.customer.currency, owner="@user-guo",
        )  # fmt: skip
        invoice.become(at, EFFECTIVE)
