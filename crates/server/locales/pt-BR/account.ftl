# A página em que se vê quais aplicativos podem agir por uma conta.

account-heading = Sua conta
account-sign-in-for = para ver quais aplicativos usam sua conta
account-apps = Aplicativos
account-apps-none = Nenhum aplicativo pode agir por esta conta.
account-apps-hint = Eles podem agir pela sua conta até você encerrar o acesso aqui ou sair neles.
account-since = Aprovado em
account-used = Último uso
account-can = O que ele pode fazer
account-can-besides = Além disso
account-changes = O que mudou desde que você aprovou
account-change-applied = em vigor
account-change-approved = aprovado por você
account-change-held = esperando por você
account-added = Agora ele também pode
account-added-held = Ele também poderia
account-removed = Ele não pode mais
account-held = Este aplicativo cresceu e pede mais do que você aprovou:
account-held-approve = Aprovar isto também
account-end = Encerrar o acesso
account-others = Outras contas neste dispositivo
account-sign-out = Sair neste dispositivo
account-done-approved = Aprovado. O aplicativo terá isto assim que renovar o acesso.
account-done-changed = Nada foi aprovado: o que esperava por você mudou nesse meio-tempo. Dê mais uma olhada.
account-done-ended = Acesso encerrado. O aplicativo não pode mais agir pela sua conta.
account-factors = Segundos fatores: chaves de acesso, códigos, recuperação
